import { DECODED_ONE } from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import {
  type Chunk,
  FRAME_HEADER,
  makePayloads,
  toChunks,
} from '#test/bench/reference/payloads.mjs'
import { BY_PARSE, BY_SHAPE, makeShapeDecoder } from '#test/bench/reference/shape.mjs'

/*
 * The three columns of the reference's query, decoded from the same chunks by our decoder and by the hand-written one.
 * `node test/bench/decode.ts`; both must find the same sum before anything is measured.
 */

const COLUMNS = ['deviceId', 'temperature', 'status']

const source: SourcePlan = {
  name: 'demo',
  stream: 'demo',
  type: 'memory',
  kind: 'stream',
  format: 'json',
  delimiter: ',',
  schema: undefined,
  columns: COLUMNS,
  strict: false,
  wholeIsBigint: false,
  meta: [],
  concurrency: 1,
}

type ReadAll = (chunk: Chunk) => number

function ours(): ReadAll {
  const decoder = sourceDecoder(source, { timeZone: 'UTC' })
  const { row } = decoder
  return ({ bytes, view, count }) => {
    let sum = 0
    for (let i = 0, p = 0; i < count; i++) {
      const start = p + FRAME_HEADER
      p = start + view.getUint32(p, true)
      if (decoder.decode(bytes, view, start, p, 0) === DECODED_ONE) sum += weight(row)
    }
    return sum
  }
}

function reference(): ReadAll {
  const decoder = makeShapeDecoder(COLUMNS)
  const { row } = decoder
  return ({ bytes, view, count }) => {
    let sum = 0
    for (let i = 0, p = 0; i < count; i++) {
      const start = p + FRAME_HEADER
      p = start + view.getUint32(p, true)
      const how = decoder.decode(bytes, view, start, p)
      if (how === BY_SHAPE || how === BY_PARSE) sum += weight(row)
    }
    return sum
  }
}

function weight({ deviceId, temperature, status }: Record<string, unknown>): number {
  const number = typeof temperature === 'number' ? temperature : 0
  return number + (deviceId as string).length + (status === 'ok' ? 1 : 0)
}

function total(chunks: readonly Chunk[], read: ReadAll): number {
  return chunks.reduce((sum, chunk) => sum + read(chunk), 0)
}

for (const size of [100, 300, 1000] as const) {
  const chunks = toChunks(makePayloads({ size }))
  const [a, b] = [ours(), reference()]
  const [sumA, sumB] = [total(chunks, a), total(chunks, b)]
  if (sumA !== sumB) throw new Error(`decoders differ at ${size} B: ${sumA} and ${sumB}`)
  const over = (read: ReadAll) => {
    let i = 0
    return () => {
      const chunk = chunks[i++ % chunks.length] as Chunk
      read(chunk)
      return chunk.count
    }
  }
  await compare(`decode by the reference, ${size} B`, over(a), over(b))
}
