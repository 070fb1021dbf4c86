import { randomBytes } from 'node:crypto'
import type { FunctionEnvironment } from './declaration.ts'

/** 100 ns from 1582-10-15, where these UUIDs count from, to 1970. */
const gregorianOffset = 122_192_928_000_000_000n

/** UUIDs of version 1: the time, a counter within a millisecond, and a random node of this call. */
export function v1({ now }: FunctionEnvironment): () => string {
  const node = randomBytes(6)
  node[0] = (node[0] ?? 0) | 1 // a random node says so by the multicast bit
  const sequence = (randomBytes(2).readUInt16BE(0) & 0x3fff) | 0x8000
  let last = 0
  let ticks = 0
  return () => {
    const ms = Math.max(Math.trunc(now()), last)
    ticks = ms === last ? ticks + 1 : 0
    last = ms
    const time = BigInt(ms) * 10_000n + BigInt(ticks) + gregorianOffset
    const hex = time.toString(16).padStart(15, '0')
    const [high, middle, low] = [hex.slice(0, 3), hex.slice(3, 7), hex.slice(7)]
    return `${low}-${middle}-1${high}-${sequence.toString(16)}-${node.toString('hex')}`
  }
}
