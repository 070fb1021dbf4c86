import type { IncomingMessage } from 'node:http'

/** Where a tuple stands in a body. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

export interface PushRequest {
  readonly body: Buffer
  /** The whole body, or its lines that are not empty where its type is NDJSON. */
  readonly tuples: readonly Bounds[]
  readonly idempotencyKey: string | undefined
}

/** @returns `undefined` when the body has more bytes than `limit` */
export async function readRequest(
  request: IncomingMessage,
  limit: number,
): Promise<PushRequest | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > limit) return undefined
    parts.push(part)
  }
  const body = Buffer.concat(parts)
  const key = request.headers['idempotency-key']
  return {
    body,
    tuples: tuplesOf(body, request.headers['content-type'] ?? ''),
    idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
  }
}

function tuplesOf(body: Buffer, contentType: string): Bounds[] {
  if (/ndjson|jsonl|json-lines/i.test(contentType)) return linesOf(body)
  return body.length === 0 ? [] : [{ start: 0, end: body.length }]
}

/** Lines that are not empty. */
function linesOf(body: Buffer): Bounds[] {
  const lines: Bounds[] = []
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(10, start)
    const next = feed < 0 ? body.length : feed
    const end = next > start && body[next - 1] === 13 ? next - 1 : next
    if (end > start) lines.push({ start, end })
    start = next + 1
  }
  return lines
}
