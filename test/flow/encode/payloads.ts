import { Buffer } from 'node:buffer'
import { actionEncoder } from '#src/flow/encode/action-encoder.ts'
import { type Chunk, ChunkWriter } from '#src/flow/encode/chunk-writer.ts'
import type { EncoderContext } from '#src/flow/encode/encoder.ts'
import { payloadStart } from '#src/flow/frame.ts'
import type { Row } from '#src/operators/operator.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import { ANY, type DataType } from '#src/plan/types.ts'

export interface Frame {
  readonly payload: Buffer
  readonly time: number
  readonly flags: number
}

/** What a reader of the chunks finds. */
export function framesOf(chunks: readonly Chunk[]): Frame[] {
  return chunks.flatMap(({ buffer, count }) => {
    const view = new DataView(buffer)
    const frames: Frame[] = []
    for (let i = 0, p = 0; i < count; i++) {
      const start = payloadStart(view, p)
      const length = view.getUint32(p, true)
      frames.push({
        payload: Buffer.from(buffer, start, length),
        time: view.getFloat64(p + 8, true),
        flags: view.getUint32(p + 4, true),
      })
      p = start + length
    }
    return frames
  })
}

export const encodeOptions: EncodeOptions = {
  format: 'json',
  sendSingle: false,
  omitIfEmpty: false,
  delimiter: ',',
  hasHeader: false,
}

export type Setting = Partial<EncodeOptions> & Partial<EncoderContext>

/** The payloads of one batch as texts. Fails on a row error unless the setting takes it. */
export function payloadsOf(rows: readonly Row[], setting: Setting = {}): string[] {
  const context: EncoderContext = {
    output: undefined,
    hidden: [],
    emitsBatches: false,
    sendNilField: false,
    timeZone: 'UTC',
    rowError: (error) => {
      throw error
    },
    ...setting,
  }
  const out = new ChunkWriter()
  actionEncoder({ ...encodeOptions, ...setting }, context).encode(
    { rows, times: rows.map((_, i) => i) },
    out,
  )
  return framesOf(out.take()).map(({ payload }) => payload.toString())
}

export function columns(
  names: readonly string[],
  dataType: DataType = ANY,
): EncoderContext['output'] {
  return names.map((name) => ({ name, dataType }))
}
