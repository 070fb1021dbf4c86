import test from 'ava'
import { TupleWriter } from '#src/sandbox/tuple-writer.ts'
import type { Range } from '#src/worker/protocol.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'

type Parts = Parameters<TupleWriter['write']>[0]

/** One tuple with bytes in a row, which come in V8's own format, as a plugin source hands it over. */
function rangeOf(n: number, parts: Partial<Parts>): Range {
  const writer = new TupleWriter()
  writer.write({ message: { n, part: Uint8Array.of(n, n, n) }, ...parts } as Parts)
  return { ...writer.take(), first: n }
}

const kinds: Readonly<Record<string, Partial<Parts>>> = {
  'with neither offset nor note': {},
  'with a number for an offset': { offset: 7 },
  'with a note': { meta: { of: 'o' } },
  'with an offset and a note': { offset: 7, skip: 1 },
}

for (const [how, parts] of Object.entries(kinds)) {
  test(`byte arrays in rows stay what they are while more rows come: a tuple ${how}`, (t) => {
    const flow = flowOf(planOf('SELECT n, part FROM demo GROUP BY COUNTWINDOW(3)'))
    const made = [1, 2, 3].flatMap((n) => {
      const ranges = [rangeOf(n, parts)]
      return payloads(collect(flow, { ...feed([], { first: n }), ranges }).emissions)
    })
    const part = (n: number) => Buffer.of(n, n, n).toString('base64')
    t.deepEqual(
      made.flat(),
      [1, 2, 3].map((n) => ({ n, part: part(n) })),
    )
  })
}

test('what plain rows were read of is let go of with the next ones, and the last of it is kept', (t) => {
  const flow = flowOf(planOf('SELECT n FROM demo'))
  const ranges = [1, 2, 3].map((n) => {
    const writer = new TupleWriter()
    writer.write({ message: { n }, offset: n })
    return { ...writer.take(), first: n }
  })
  for (const range of ranges)
    collect(flow, { ...feed([], { first: range.first }), ranges: [range] })
  t.deepEqual(
    ranges.map(({ buffer }) => buffer.byteLength > 0),
    [false, false, true],
  )
  t.like(flow.snapshot().seen[0], { sequence: 3, offset: 3 })
})
