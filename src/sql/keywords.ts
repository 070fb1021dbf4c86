/** The words that are no names unless written in back-ticks or after a dot or an arrow. */
export const keywords: ReadonlySet<string> = new Set(
  (
    'SELECT AS FROM WHERE AND OR GROUP HAVING ORDER BY DESC ASC FILTER INNER LEFT RIGHT FULL CROSS JOIN ON ' +
    'CASE WHEN THEN DEFAULT ELSE END IN NOT BETWEEN LIKE OVER PARTITION REPLACE EXCEPT INVISIBLE TRUE FALSE LIMIT'
  ).split(' '),
)

/** Keywords that name a function when a parenthesis follows. */
export const functionKeywords: ReadonlySet<string> = new Set(['LEFT', 'RIGHT', 'REPLACE'])

/** What `CAST(x AS type)` may name. */
export const castTypes: ReadonlySet<string> = new Set([
  'bigint',
  'float',
  'string',
  'boolean',
  'bytea',
  'datetime',
])
