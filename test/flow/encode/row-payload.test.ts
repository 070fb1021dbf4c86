import test from 'ava'
import { payloadRows, rowPayload } from '#src/flow/encode/row-payload.ts'

const rows: readonly Record<string, unknown>[] = [
  {},
  { a: 1, b: 'ü"\\', c: true, d: null, e: [1, [2, { f: [] }]] },
  { n: Number.NaN, i: [Number.POSITIVE_INFINITY, -Infinity], big: 9_007_199_254_740_993n },
  { bytes: new Uint8Array([0, 255, 7]), date: new Date(5), bad: new Date(Number.NaN) },
  { $bytes: 'a column of that name' },
  { o: { $bytes: 'AA==' }, p: { $ref: 'x' }, q: { $object: { $number: '1' } }, r: { $a: 1, b: 2 } },
  JSON.parse('{"__proto__": {"x": 1}, "constructor": "c"}'),
  { '': { $x: new Uint8Array() } },
]

for (const row of rows) {
  test(`rows come back as they were: ${rowPayload([row])}`, (t) => {
    t.deepEqual(payloadRows(Buffer.from(rowPayload([row, row]))), [row, row])
  })
}

test('no rows are no rows, and a view into a larger buffer is read alone', (t) => {
  t.deepEqual(payloadRows(Buffer.from(rowPayload([]))), [])
  const bytes = Buffer.from(`xx${rowPayload([{ a: 1n }])}yy`)
  t.deepEqual(payloadRows(bytes.subarray(2, -2)), [{ a: 1n }])
})

test('a property that is undefined is one that is not there', (t) => {
  t.deepEqual(payloadRows(Buffer.from(rowPayload([{ a: undefined, b: 1n }]))), [{ b: 1n }])
})
