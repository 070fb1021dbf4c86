import { Buffer } from 'node:buffer'

/** A seeded generator of whole numbers below `n`. */
export type Below = (n: number) => number

export function seeded(seed: number): Below {
  let state = seed | 0
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const KEYS = ['a', 'b', 'c', 'd', 'long key', '__proto__', 'constructor', 'é', '\\u0061', '']
const NUMBERS = [
  '0', '-0', '7', '-12', '23.47', '-0.001', '1e3', '1E-7', '5.0', '0.1', '123456789012345',
  '9007199254740993', '1234567890.12345678', '0.30000000000000004', '1e400', '-1e-400',
  '12345678901234567890123', '1700000000123', '01', '-', '1.', '.5', '+1', '1e', '0x1', 'NaN',
] // biome-ignore format: a table
const STRINGS = [
  'ok', '', 'dev-0042', 'x'.repeat(31), 'y'.repeat(33), 'Größe', '温度', '🌡', '\\n', '\\"', '\\\\',
  '\\u0041', '\\ud83c\\udf21', '\\ud800', 'tab\there', '\\x', '\\u12', '\u0000', '\u007f', 'a\\/b',
] // biome-ignore format: a table
const BROKEN = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d, 0x00, 0x20, 0x30, 0xff, 0xc3, 0xed]

/** JSON most of the time; else nearly. In few shapes that change now and then, as real streams have. */
export function makeDocuments(below: Below): () => Buffer {
  let shapes = [newShape(below)]
  return () => {
    if (below(400) === 0) shapes = Array.from({ length: 1 + below(5) }, () => newShape(below))
    const text = document(shapes[below(shapes.length)] ?? [], below)
    const bytes = Buffer.from(text)
    return below(6) === 0 ? damaged(bytes, below) : bytes
  }
}

type Field = readonly [key: string, kind: number]

function newShape(below: Below): Field[] {
  return Array.from({ length: below(7) }, () => [pick(KEYS, below), below(4)] as const)
}

function document(shape: readonly Field[], below: Below): string {
  const oddity = below(40)
  if (oddity === 0) return value(below(8), below, 3)
  if (oddity === 1) return `[${document(shape, below)},${document(shape, below)}]`
  const gap = below(30) === 0 ? pick([' ', '\n', '\t \r'], below) : ''
  const fields = shape.map(([key, kind]) => {
    const actual = below(20) === 0 ? below(8) : kind
    return `${gap}"${key}"${gap}:${gap}${value(actual, below, 2)}`
  })
  return `${gap}{${fields.join(',')}${gap}}${gap}`
}

function value(kind: number, below: Below, depth: number): string {
  switch (kind) {
    case 0:
      return `"${below(3) === 0 ? pick(STRINGS, below) : `dev-${below(300)}`}"`
    case 1:
      return below(3) === 0 ? pick(NUMBERS, below) : String(below(100_000) / 100)
    case 2:
      return pick(['true', 'false', 'null', 'nul', 'True'], (n) =>
        below(9) === 0 ? below(n) : below(3),
      )
    case 3:
      return depth === 0 ? '[]' : `[${values(below, depth).join(',')}]`
    case 4:
      return '['.repeat(below(90)) + ']'.repeat(below(90))
    default:
      if (depth === 0) return '{}'
      return `{${values(below, depth)
        .map((each) => `"${pick(KEYS, below)}":${each}`)
        .join(',')}}`
  }
}

function values(below: Below, depth: number): string[] {
  return Array.from({ length: below(4) }, () => value(below(8), below, depth - 1))
}

function damaged(bytes: Buffer, below: Below): Buffer {
  if (bytes.length === 0) return bytes
  const at = below(bytes.length)
  switch (below(4)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      bytes[at] = pick(BROKEN, below)
      return bytes
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.of(pick(BROKEN, below)),
        bytes.subarray(at),
      ])
  }
}

function pick<T>(list: readonly T[], below: Below): T {
  return list[below(list.length)] as T
}
