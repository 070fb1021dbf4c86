import { Buffer } from 'node:buffer'
import { payloadStart } from './frame.ts'

/** A chunk with every payload replaced by what `change` makes of it; headers and notes stay as they are. */
export function mapPayloads<T extends { readonly buffer: ArrayBuffer; readonly count: number }>(
  chunk: T,
  change: (payload: Buffer) => Uint8Array,
): T {
  const view = new DataView(chunk.buffer)
  const parts: Uint8Array[] = []
  let total = 0
  for (let i = 0, at = 0; i < chunk.count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    const payload = change(Buffer.from(chunk.buffer, start, end - start))
    const head = new Uint8Array(chunk.buffer.slice(at, start))
    new DataView(head.buffer).setUint32(0, payload.length, true)
    parts.push(head, payload)
    total += head.length + payload.length
    at = end
  }
  const buffer = new ArrayBuffer(total)
  const bytes = new Uint8Array(buffer)
  let used = 0
  for (const part of parts) {
    bytes.set(part, used)
    used += part.length
  }
  return { ...chunk, buffer }
}
