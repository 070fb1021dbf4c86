import test from 'ava'
import fc from 'fast-check'
import type { Reader } from '#host/cell/buffer/reader.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { tuplesIn } from './frames.ts'

interface Life {
  readonly reader: Reader
  /** Tuples by number, as the calls had them that are still away. */
  readonly away: number[][]
  readonly acknowledged: number[]
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        write: fc.integer({ min: 1, max: 40 }),
        size: fc.integer({ min: 0, max: 9000 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ take: fc.nat(2), single: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ acknowledge: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ crash: fc.nat(2) }) },
  ),
  { maxLength: 120 },
)

for (const policy of ['wait', 'oldest', 'newest'] as const) {
  const what = policy === 'wait' ? 'a source that waits' : `a source that drops the ${policy}`
  test(`${what}: order kept, nothing doubled after its acknowledgement, all drops counted, the bound held`, (t) => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), (list, bufferLength) => {
        run(list, policy, bufferLength)
      }),
      { numRuns: 150, seed: 42 },
    )
    t.pass()
  })
}

type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never

function run(
  list: readonly Step[],
  policy: 'wait' | 'oldest' | 'newest',
  bufferLength: number,
): void {
  const bufferBytes = 200_000
  const dropPolicy = policy === 'newest' ? 'newest' : 'oldest'
  const buffer = new SourceBuffer({ bufferLength, bufferBytes, dropPolicy })
  const lives: Life[] = [0, 1, 2].map(() => ({
    reader: buffer.addReader({ isLossless: policy === 'wait' }),
    away: [],
    acknowledged: [],
  }))
  let offered = 0
  for (const step of list) {
    if ('write' in step) offered += writeSome(buffer, step, policy, offered)
    else if ('take' in step) take(buffer, lives[step.take], step.single)
    else if ('acknowledge' in step) acknowledge(buffer, lives[step.acknowledge])
    else crash(buffer, lives[step.crash])
    if (buffer.unread > bufferLength) throw new Error('more unread than the bound')
    if (buffer.unreadBytes > bufferBytes) throw new Error('more bytes unread than the bound')
  }
  for (const life of lives) {
    crash(buffer, life)
    while (take(buffer, life, false)) acknowledge(buffer, life)
    check(life, offered, policy)
  }
}

function writeSome(
  buffer: SourceBuffer,
  { write, size }: { write: number; size: number },
  policy: string,
  from: number,
): number {
  for (let i = 0; i < write; i++) {
    const bytes = Buffer.from(`${from + i}:`.padEnd(size, 'x'))
    if (buffer.write(bytes, 0, bytes.length)) continue
    if (policy === 'wait') return i
    buffer.drop(bytes, 0, bytes.length)
  }
  return write
}

function take(buffer: SourceBuffer, life: Life | undefined, single: boolean): boolean {
  if (life === undefined) return false
  const tuples = tuplesIn(buffer.take(life.reader, { single }))
  if (tuples.length > 0) life.away.push(tuples.map(({ text }) => Number.parseInt(text, 10)))
  return tuples.length > 0
}

function acknowledge(buffer: SourceBuffer, life: Life | undefined): void {
  const call = life?.away.shift()
  if (life === undefined || call === undefined) return
  life.acknowledged.push(...call)
  buffer.acknowledge(life.reader)
}

function crash(buffer: SourceBuffer, life: Life | undefined): void {
  if (life === undefined) return
  life.away.length = 0
  buffer.rewind(life.reader)
}

function check({ acknowledged, reader }: Life, offered: number, policy: string): void {
  for (let i = 1; i < acknowledged.length; i++) {
    const [before, after] = [acknowledged[i - 1], acknowledged[i]]
    if (before === undefined || after === undefined || before >= after) {
      throw new Error(`${after} came after ${before}`)
    }
  }
  if (acknowledged.length + reader.dropped !== offered) {
    throw new Error(`${acknowledged.length} read, ${reader.dropped} dropped, ${offered} offered`)
  }
  if (policy === 'wait' && reader.dropped > 0) throw new Error('a source that waits dropped')
}
