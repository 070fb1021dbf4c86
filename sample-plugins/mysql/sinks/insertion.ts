/** What can be bound to a prepared statement. */
export type Bound = string | number | boolean | Uint8Array | null

export interface Insertion {
  readonly table: string
  readonly columns: readonly string[]
  readonly rowId: string | undefined
}

/** How many rows one statement takes: few texts, so that each is prepared once. */
const SIZES = [100, 10, 1] as const

const NAME = /^[0-9A-Za-z_$\u0080-\uffff]{1,64}$/

/**
 * A name as it stands in a statement. A name cannot be bound, so that it is checked: letters, digits, `_` and `$`.
 *
 * @param option where it came from, for the message
 */
export function quoted(option: string, name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return `\`${name}\``
  const shown = typeof name === 'string' ? `"${name.slice(0, 80)}"` : `a ${typeof name}`
  throw new Error(`${option}: ${shown} is no name; letters, digits, "_" and "$" are, at most 64`)
}

/** A table, with or without its database. */
export function quotedTable(name: unknown): string {
  if (typeof name !== 'string' || name.split('.').length > 2) return quoted('table', name)
  return name
    .split('.')
    .map((part) => quoted('table', part))
    .join('.')
}

/** The statement for so many rows. Values are never in its text. */
export function statementOf({ table, columns, rowId }: Insertion, rows: number): string {
  const all = rowId === undefined ? columns : [rowId, ...columns]
  const places = `(${all.map(() => '?').join(', ')})`
  const values = Array.from({ length: rows }, () => places).join(', ')
  // Of a row that is there already nothing is changed.
  const again = rowId === undefined ? '' : ` ON DUPLICATE KEY UPDATE ${rowId} = ${rowId}`
  return `INSERT INTO ${table} (${all.join(', ')}) VALUES ${values}${again}`
}

/** Cuts rows into as many as a statement takes. */
export function* partsOf<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; ) {
    const size = SIZES.find((each) => each <= rows.length - at) ?? 1
    yield rows.slice(at, at + size)
    at += size
  }
}

/** A value of a decoded payload: what has parts is kept as JSON. */
export function boundOf(value: unknown): Bound {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    case 'bigint':
      return `${value}`
    case 'object':
      return value === null ? null : JSON.stringify(value, plainNumber)
    default:
      return null
  }
}

/** The rows of a payload: one, an array of them, or with `batchSize` an array of such arrays. Whole numbers that no double holds stay exact, as texts of digits. */
export function rowsOf(payload: string): readonly Record<string, unknown>[] {
  const value: unknown = JSON.parse(payload, exactInteger)
  const rows: unknown[] = Array.isArray(value) ? value.flat() : [value]
  for (const row of rows) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new TypeError('with "fields" the payload must be a JSON object or an array of them')
    }
  }
  return rows as Record<string, unknown>[]
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? ''
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) {
    return value
  }
  return BigInt(source)
}

/** JSON as the language has it: TypeScript's library does not know `rawJSON` yet. */
const languageJson: JSON & { rawJSON?(text: string): unknown } = JSON

/** JSON has no bigints; MySQL's does. */
function plainNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? languageJson.rawJSON?.(`${value}`) : value
}
