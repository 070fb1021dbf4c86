import test from 'ava'
import { TupleWriter } from '#src/sandbox/tuple-writer.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'

const { stringify } = JSON

/** What a rule makes of one tuple of lines. */
function rowsOf(sql: string, text: string, stream?: string): unknown[] {
  const writer = new TupleWriter()
  const parts = { isLines: true, offset: { at: 9 }, meta: { n: 5, of: 'o' }, counter: 'n' }
  writer.write({ message: Buffer.from(text), ...parts })
  const { buffer, count } = writer.take()
  const flow = flowOf(planOf(sql, { options: { sendError: true }, ...(stream && { stream }) }))
  const collected = collect(flow, {
    ...feed([{ payload: {}, time: 1000 }]),
    ranges: [{ buffer, count, first: 1 }],
  })
  return payloads(collected.emissions).flat()
}

const lines = [{ id: 1, t: 20 }, { id: 2, t: 5 }, { id: 3 }].map((row) => stringify(row)).join('\n')

for (const [sql, wanted] of [
  ['SELECT * FROM demo', [{ id: 1, t: 20 }, { id: 2, t: 5 }, { id: 3 }]],
  ['SELECT id FROM demo', [{ id: 1 }, { id: 2 }, { id: 3 }]],
  ['SELECT id FROM demo WHERE t > 10', [{ id: 1 }]],
  [
    'SELECT id, meta(n) AS n, meta(of) AS of FROM demo WHERE id > 1',
    [
      { id: 2, n: 6, of: 'o' },
      { id: 3, n: 7, of: 'o' },
    ],
  ],
] as const) {
  test(`each line of a tuple is a row: ${sql}`, (t) => {
    t.deepEqual(rowsOf(sql, lines), [...wanted])
  })
}

test('empty lines are nothing, ends of lines may be those of Windows, the last one may be missing', (t) => {
  t.deepEqual(rowsOf('SELECT id FROM demo', '\n{"id":1}\r\n\r\n\n{"id":2}\n{"id":3}'), [
    { id: 1 },
    { id: 2 },
    { id: 3 },
  ])
  t.deepEqual(rowsOf('SELECT id FROM demo', ''), [])
})

test('a line that is broken costs itself', (t) => {
  const rows = rowsOf('SELECT id FROM demo', '{"id":1}\n{"id":}\n{"id":3}')
  t.is(rows.length, 3)
  t.deepEqual([rows[0], rows[2]], [{ id: 1 }, { id: 3 }])
  t.regex(stringify(rows[1]), /payload is not JSON/)
})

test('lines are JSON whatever the FORMAT of the stream is', (t) => {
  const stream = 'CREATE STREAM demo (id BIGINT) WITH (DATASOURCE="d", FORMAT="delimited")'
  t.deepEqual(rowsOf('SELECT id FROM demo', lines, stream), [{ id: 1 }, { id: 2 }, { id: 3 }])
})
