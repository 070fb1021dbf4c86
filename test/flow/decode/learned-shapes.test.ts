import { Buffer } from 'node:buffer'
import test from 'ava'
import { LearnedShapes } from '#src/flow/decode/learned-shapes.ts'
import { rowLayout } from '#src/flow/decode/row-layout.ts'
import { seeded } from './documents.ts'
import { sourcePlan } from './sources.ts'

/** Feeds payloads as a decoder does; the share that was read by shape. */
function feed(shapes: LearnedShapes, payloads: Iterable<string>): number {
  const row = { a: undefined, b: undefined }
  let all = 0
  let read = 0
  for (const payload of payloads) {
    const bytes = Buffer.from(payload)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    all++
    if (shapes.read(bytes, view, 0, bytes.length, row)) read++
    else shapes.missed(bytes, view, 0, bytes.length)
  }
  return read / all
}

function* times(count: number, payload: (i: number) => string): Generator<string> {
  for (let i = 0; i < count; i++) yield payload(i)
}

function learner(): LearnedShapes {
  const { columns = [], isExact } = rowLayout(sourcePlan({ columns: ['a', 'b'] }), 'UTC')
  return new LearnedShapes(columns, isExact)
}

test('the first payload teaches its shape', (t) => {
  t.is(
    feed(
      learner(),
      times(100, (i) => `{"a":${i},"b":"x"}`),
    ),
    0.99,
  )
})

test('values of other kinds are read by the same shape', (t) => {
  const values = ['1', '"x"', 'null', 'true', '[1,{"q":"\\u0041"}]', '-1.5e3', '{}', '"é"']
  const shapes = learner()
  t.is(
    feed(
      shapes,
      times(100, (i) => `{"a":${values[i % 8]},"c":${values[(i + 3) % 8]}}`),
    ),
    0.99,
  )
  t.is(shapes.generated, 1)
})

test('four shapes in turn, or in any order, are all learned', (t) => {
  const below = seeded(5)
  const shape = (i: number, n: number) => `{"key${n % 4}":1,"a":${i},"b":"x"}`
  t.true(
    feed(
      learner(),
      times(20_000, (i) => shape(i, i)),
    ) > 0.98,
  )
  t.true(
    feed(
      learner(),
      times(20_000, (i) => shape(i, below(4))),
    ) > 0.98,
  )
})

test('a stream that changes its shape is followed', (t) => {
  const shapes = learner()
  for (let version = 0; version < 10; version++) {
    const payloads = times(5000, (i) => `{"version${version}":1,"a":${i}}`)
    t.true(feed(shapes, payloads) > 0.9, `version ${version}`)
  }
})

test('rare shapes do not push out the usual one', (t) => {
  const shapes = learner()
  const rare = (i: number) => `{"rare${i % 9}":1,"a":${i}}`
  const payloads = times(50_000, (i) => (i % 25 === 0 ? rare(i / 25) : `{"a":${i},"b":"x"}`))
  t.true(feed(shapes, payloads) > 0.96)
})

test('payloads made to differ do not keep it generating code', (t) => {
  const shapes = learner()
  feed(
    shapes,
    times(60_000, (i) => `{"k${Math.floor(i / 40) % 500}":1,"a":${i}}`),
  )
  t.true(shapes.generated <= 33, String(shapes.generated))
})

test('payloads with very many keys or very long ones are not learned', (t) => {
  const shapes = learner()
  const many = `{${Array.from({ length: 300 }, (_, i) => `"k${i}":1`).join(',')}}`
  feed(
    shapes,
    times(50, () => many),
  )
  feed(
    shapes,
    times(50, () => `{"${'k'.repeat(20_000)}":1,"a":2}`),
  )
  t.is(shapes.generated, 0)
})
