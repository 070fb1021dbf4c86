import { ANY, type DataType } from '#src/plan/types.ts'
import type { RowDeclaration } from './declaration.ts'
import { anything, BIGINT } from './signature.ts'

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
]
