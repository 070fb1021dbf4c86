import { ANY, type DataType } from '#src/plan/types.ts'
import type { RowDeclaration } from './declaration.ts'
import { anything, arrayOf, BIGINT, STRUCT, whole } from './signature.ts'

/**
 * Functions of what a row comes with: its metadata, its time, its window. The planner puts their values into hidden columns,
 * so none of them is ever called.
 */
function planned(
  name: string,
  family: RowDeclaration['family'],
  parameters: RowDeclaration['parameters'],
  returns: DataType,
  doc: string,
): RowDeclaration {
  return {
    kind: 'row',
    family,
    name,
    parameters,
    returns,
    guard: 'none',
    volatile: true,
    doc,
    examples: [],
    make() {
      throw new Error(`${name} is a column of the plan, not a call`)
    },
  }
}

export const plannedFunctions: readonly RowDeclaration[] = [
  planned(
    'meta',
    'other',
    [anything('key')],
    ANY,
    'Metadata of the row by key, or along a path such as `a->b`; all of it for `*`.',
  ),
  planned(
    'mqtt',
    'other',
    [anything('key')],
    ANY,
    'The topic or the message id of a row that came by MQTT.',
  ),
  planned('event_time', 'window', [], BIGINT, 'The time of the row, in milliseconds since 1970.'),
  planned(
    'window_start',
    'window',
    [],
    BIGINT,
    'Where the window begins, in milliseconds since 1970.',
  ),
  planned('window_end', 'window', [], BIGINT, 'Where the window ends, in milliseconds since 1970.'),
  planned(
    'window_trigger',
    'window',
    [],
    BIGINT,
    'When the window was triggered, in milliseconds since 1970.',
  ),
  planned(
    'row_number',
    'window',
    [],
    BIGINT,
    'The number of the row within its emission, from 1; by partition and in an order with `OVER (PARTITION BY … ORDER BY …)`.',
  ),
  planned(
    'unnest',
    'array',
    [anything('array')],
    ANY,
    'A row for each element of the array; elements that are objects give their columns. A field of the select list, one per statement.',
  ),
  planned(
    'extract',
    'object',
    [anything('object')],
    ANY,
    'The columns of the object. A field of the select list.',
  ),
  planned(
    'dedup_trigger',
    'other',
    [whole('start'), whole('end'), whole('now'), whole('expireMs')],
    arrayOf(STRUCT),
    'For rows that each ask for a range of time, from `start` until `end` in milliseconds: the parts of it that no row before has asked for, as `[{"start_key": "100", "end_key": "200"}]`, empty when all of it was taken. The row is held until its range is over, as far as `now` of the rows that follow, and the time since the last of them, say so; rows leave in the order of `end`. What is older than `now - expireMs` is not given any more. `start`, `end` and `now` are whole numbers, `expireMs` is a number as it is written. A field of the select list, in a rule without a window, join or aggregate.',
  ),
  planned('last_hit_count', 'analytic', [], BIGINT, 'How many rows passed WHERE before this one.'),
  planned(
    'last_hit_time',
    'analytic',
    [],
    BIGINT,
    'When the last row before this one passed WHERE, in milliseconds since 1970; 0 when none did.',
  ),
  planned(
    'last_agg_hit_count',
    'analytic',
    [],
    BIGINT,
    'How many emissions before this one had a group that passed HAVING.',
  ),
  planned(
    'last_agg_hit_time',
    'analytic',
    [],
    BIGINT,
    'When the last emission before this one had a group that passed HAVING, in milliseconds since 1970; 0 when none had.',
  ),
]
