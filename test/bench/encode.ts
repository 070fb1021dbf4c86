import { Buffer } from 'node:buffer'
import { DECODED_ONE } from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import { actionEncoder } from '#src/flow/encode/action-encoder.ts'
import { ChunkWriter, type Chunk as Written } from '#src/flow/encode/chunk-writer.ts'
import { payloadStart } from '#src/flow/frame.ts'
import type { Row } from '#src/operators/operator.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import { ANY } from '#src/plan/types.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import {
  type Chunk,
  FRAME_HEADER,
  makePayloads,
  toChunks,
} from '#test/bench/reference/payloads.mjs'
import {
  type FilterProject,
  filterProjectParse,
  filterProjectShape,
} from '#test/bench/reference/pipelines.mjs'

/*
 * Bytes to bytes: our decoder and encoder around a filter and a projection written by hand, by the reference's query. So
 * this measures decoding and encoding only; the engine's own filter and projection are measured by the pipeline.
 * `node test/bench/encode.ts`; both must write the same lines before anything is measured.
 */

const source: SourcePlan = {
  name: 'demo',
  stream: 'demo',
  type: 'memory',
  kind: 'stream',
  format: 'json',
  delimiter: ',',
  schema: undefined,
  columns: ['deviceId', 'temperature', 'status'],
  strict: false,
  wholeIsBigint: false,
  meta: [],
  concurrency: 1,
}

function ours(): (chunk: Chunk) => Written[] {
  const decoder = sourceDecoder(source, { timeZone: 'UTC' })
  const encoder = actionEncoder(
    { format: 'json', sendSingle: true, omitIfEmpty: false, delimiter: ',', hasHeader: false },
    {
      output: [
        { name: 'deviceId', dataType: ANY },
        { name: 'f', dataType: ANY },
      ],
      hidden: [],
      emitsBatches: false,
      sendNilField: false,
      timeZone: 'UTC',
      rowError: (error) => {
        throw error
      },
    },
  )
  const out = new ChunkWriter()
  const { row } = decoder
  return ({ bytes, view, count }) => {
    const rows: Row[] = []
    const times: number[] = []
    for (let i = 0, p = 0; i < count; i++) {
      const start = p + FRAME_HEADER
      p = start + view.getUint32(p, true)
      if (decoder.decode(bytes, view, start, p, 0) !== DECODED_ONE) continue
      const { deviceId, temperature, status } = row
      if (typeof temperature !== 'number' || !(temperature > 20) || status !== 'ok') continue
      rows.push({ deviceId, f: temperature * 1.8 + 32 })
      times.push(i)
    }
    if (rows.length > 0) encoder.encode({ rows, times }, out)
    return out.take()
  }
}

function lines(chunks: readonly Written[]): string {
  let text = ''
  for (const { buffer, count } of chunks) {
    const view = new DataView(buffer)
    for (let i = 0, p = 0; i < count; i++) {
      const start = payloadStart(view, p)
      const length = view.getUint32(p, true)
      text += `${Buffer.from(buffer, start, length).toString()}\n`
      p = start + length
    }
  }
  return text
}

function check(run: (chunk: Chunk) => Written[], reference: FilterProject, chunk: Chunk): void {
  const expected = reference.out.toString('utf8', 0, reference.run(chunk))
  if (lines(run(chunk)) !== expected) throw new Error('the lines differ')
}

for (const size of [100, 300, 1000] as const) {
  const chunks = toChunks(makePayloads({ size }))
  const over = (run: (chunk: Chunk) => unknown) => {
    let i = 0
    return () => {
      const chunk = chunks[i++ % chunks.length] as Chunk
      run(chunk)
      return chunk.count
    }
  }
  const run = ours()
  for (const chunk of chunks) check(run, filterProjectShape(), chunk)
  for (const [name, reference] of [
    ['shape', filterProjectShape()],
    ['parse', filterProjectParse()],
  ] as const) {
    const b = over((chunk) => reference.run(chunk))
    await compare(`bytes to bytes by the reference (${name}), ${size} B`, over(run), b)
  }
}
