import { Buffer } from 'node:buffer'
import type { Decoded, Decoder } from '#src/flow/decode/decoder.ts'
import type { SourcePlan } from '#src/plan/plan.ts'

export function sourcePlan(changes: Partial<SourcePlan>): SourcePlan {
  return {
    name: 'demo',
    stream: 'demo',
    type: 'memory',
    kind: 'stream',
    format: 'json',
    delimiter: ',',
    schema: undefined,
    columns: undefined,
    strict: false,
    wholeIsBigint: false,
    meta: [],
    concurrency: 1,
    ...changes,
  }
}

export function decodeText(decoder: Decoder, text: string, flags = 0): Decoded {
  return decodeBytes(decoder, Buffer.from(text), flags)
}

export function decodeBytes(decoder: Decoder, bytes: Buffer, flags = 0): Decoded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return decoder.decode(bytes, view, 0, bytes.length, flags)
}
