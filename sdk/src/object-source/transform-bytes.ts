import { joined } from './lines.ts'
import type { SourceCommonConfig } from './source-config.ts'
import { type Batch, brokenObject, Transformer, type TransformInput } from './transformer.ts'

/** So many records at once at the most, so that small ones do not cost a promise each. */
const BATCH = 256

/** Bytes as they are, in pieces of one size, the last one shorter; or a whole object in one. */
export class BytesTransformer extends Transformer {
  readonly format = 'bytes'

  override startAt(skip: number, { maxBufferSize }: SourceCommonConfig) {
    return maxBufferSize === 0 ? undefined : { offset: skip * maxBufferSize, skip: 0 }
  }

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { body, config, context, skip, signal } = input
    const { maxBufferSize: size, maxRecordBytes } = config
    let parts: Uint8Array[] = []
    let gathered = 0
    let left = skip
    for await (const chunk of await body.open(signal)) {
      parts.push(chunk)
      gathered += chunk.length
      if (size === 0) {
        if (gathered <= maxRecordBytes) continue
        throw brokenObject(context, `more than max.record.bytes, ${maxRecordBytes}, as one record`)
      }
      if (gathered < size) continue
      const whole = joined(parts)
      let from = 0
      while (whole.length - from >= size) {
        const values: Uint8Array[] = []
        while (whole.length - from >= size && values.length < BATCH) {
          if (left > 0) left--
          else values.push(whole.slice(from, from + size))
          from += size
        }
        if (values.length > 0) yield { schema: null, values, bytes: values.length * size }
      }
      parts = [whole.slice(from)]
      gathered = whole.length - from
    }
    if (gathered > 0 && left === 0) {
      yield { schema: null, values: [joined(parts).slice()], bytes: gathered }
    }
  }
}
