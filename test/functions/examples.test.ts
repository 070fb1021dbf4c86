import test from 'ava'
import type { Example, FunctionDeclaration } from '#src/functions/declaration.ts'
import { evaluateAll, functions, type Row } from './evaluate.ts'

for (const declaration of functions.declarations) {
  for (const example of declaration.examples) {
    const rows = example.rows ?? [example.row ?? {}]
    test(`${example.sql} of ${show(rows)} gives what its documentation says`, (t) => {
      t.deepEqual(run(declaration, example, rows), example.gives)
    })
  }
}

test('every function that is called has a documented example', (t) => {
  const without = functions.declarations.filter(({ examples }) => examples.length === 0)
  t.deepEqual(without.map(({ name }) => name).sort(), [
    'changed_cols',
    'dedup_trigger',
    'event_time',
    'extract',
    'last_agg_hit_count',
    'last_agg_hit_time',
    'last_hit_count',
    'last_hit_time',
    'meta',
    'mqtt',
    'row_number',
    'unnest',
    'window_end',
    'window_start',
    'window_trigger',
  ])
})

function run({ kind }: FunctionDeclaration, { sql }: Example, rows: readonly Row[]): unknown {
  try {
    const values = evaluateAll(sql, rows)
    return kind === 'analytic' ? values : values[0]
  } catch (error) {
    return { error: (error as Error).message }
  }
}

function show(rows: readonly Row[]): string {
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
}
