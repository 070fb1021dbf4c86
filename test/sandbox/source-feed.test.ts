import { deserialize } from 'node:v8'
import test, { type ExecutionContext } from 'ava'
import { ENCODING_JSON, ENCODING_V8, FLAG_ENCODING } from '#src/flow/frame.ts'
import { SourceFeed } from '#src/sandbox/source-feed.ts'
import { framesOf } from '#test/worker/rule-thread.ts'

/** How a row that a plugin hands over stands in its frame, and what it reads as there. */
async function framed(t: ExecutionContext, row: unknown) {
  const frames: { encoding: number; row: unknown }[] = []
  const feed = new SourceFeed({
    send: async (chunk, count) => {
      for (const { flags, payload } of framesOf(chunk, count)) {
        const encoding = flags & FLAG_ENCODING
        const read = encoding === ENCODING_V8 ? deserialize(payload) : JSON.parse(String(payload))
        frames.push({ encoding, row: read })
      }
    },
    later: () => {},
  })
  await feed.take(row, undefined, {
    known: 0,
    offset: () => 1,
    skip: (known) => known,
    failed: (error) => t.fail(String(error)),
  })
  await feed.drain()
  t.is(frames.length, 1)
  return frames[0]
}

class Reading {
  value = 1
  toJSON() {
    return { value: 'changed' }
  }
}

const cases: readonly (readonly [title: string, row: unknown, encoding: number, read: unknown])[] =
  [
    ['a row', { a: [1, { b: null }] }, ENCODING_JSON, { a: [1, { b: null }] }],
    ['a row with a column named toJSON', { toJSON: 'x' }, ENCODING_JSON, { toJSON: 'x' }],
    ['a row with a date', { a: new Date(5) }, ENCODING_V8, { a: new Date(5) }],
    ['a row with a bigint', { a: 5n }, ENCODING_V8, { a: 5n }],
    ['a row with a gap', { a: [1, undefined] }, ENCODING_V8, { a: [1, undefined] }],
    ['an instance with a toJSON of its class', new Reading(), ENCODING_JSON, { value: 1 }],
  ]

for (const [title, row, encoding, read] of cases) {
  test(`${title} is in its frame as ${encoding === ENCODING_V8 ? 'a copy' : 'JSON'}`, async (t) => {
    t.deepEqual(await framed(t, row), { encoding, row: read })
  })
}

test('a property of a row is read once: what it says the second time is in no frame', async (t) => {
  let reads = 0
  const row = {
    get a() {
      return ++reads === 1 ? 'first' : { toJSON: () => 'second' }
    },
  }
  t.deepEqual(await framed(t, row), { encoding: ENCODING_JSON, row: { a: 'first' } })
  t.is(reads, 1)
})

test('a proxy has no say after the copy', async (t) => {
  let isCopied = false
  const row = new Proxy({ a: 1 } as Record<string, unknown>, {
    get(target, name) {
      if (isCopied || name === 'toJSON') t.fail(`asked for ${String(name)}`)
      if (name === 'a') isCopied = true
      return Reflect.get(target, name)
    },
  })
  t.deepEqual(await framed(t, row), { encoding: ENCODING_JSON, row: { a: 1 } })
})
