import { needRoom, needWidth, outOfRange, wrongType } from './faults.ts'
import { type Bytes, toNumber } from './memory.ts'

function check(
  self: Bytes,
  value: number | bigint,
  low: number | bigint,
  high: number | bigint,
  offset: unknown,
  width: number,
): void {
  if (value > high || value < low) throw outOfRange('value', `>= ${low} and <= ${high}`, value)
  needRoom(self, offset, width)
}

function put16(self: Bytes, value: number, o: number): number {
  self[o] = value
  self[o + 1] = value >>> 8
  return o + 2
}

function put16Back(self: Bytes, value: number, o: number): number {
  self[o] = value >>> 8
  self[o + 1] = value
  return o + 2
}

function put32(self: Bytes, value: number, o: number): number {
  self[o] = value
  self[o + 1] = value >>> 8
  self[o + 2] = value >>> 16
  self[o + 3] = value >>> 24
  return o + 4
}

function put32Back(self: Bytes, value: number, o: number): number {
  self[o] = value >>> 24
  self[o + 1] = value >>> 16
  self[o + 2] = value >>> 8
  self[o + 3] = value
  return o + 4
}

function low32(value: bigint): number {
  return Number(value & 0xffffffffn)
}

function high32(value: bigint): number {
  return Number((value >> 32n) & 0xffffffffn)
}

export const integerWriters = {
  writeUInt8(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    needOffset(offset)
    check(this, number, 0, 0xff, offset, 1)
    this[offset] = number
    return offset + 1
  },
  writeInt8(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    needOffset(offset)
    check(this, number, -0x80, 0x7f, offset, 1)
    this[offset] = number
    return offset + 1
  },
  writeUInt16LE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, 0, 0xffff, offset, 2)
    return put16(this, number, offset)
  },
  writeUInt16BE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, 0, 0xffff, offset, 2)
    return put16Back(this, number, offset)
  },
  writeInt16LE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, -0x8000, 0x7fff, offset, 2)
    return put16(this, number, offset)
  },
  writeInt16BE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, -0x8000, 0x7fff, offset, 2)
    return put16Back(this, number, offset)
  },
  writeUInt32LE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, 0, 0xffffffff, offset, 4)
    return put32(this, number, offset)
  },
  writeUInt32BE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, 0, 0xffffffff, offset, 4)
    return put32Back(this, number, offset)
  },
  writeInt32LE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, -0x80000000, 0x7fffffff, offset, 4)
    return put32(this, number, offset)
  },
  writeInt32BE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    check(this, number, -0x80000000, 0x7fffffff, offset, 4)
    return put32Back(this, number, offset)
  },
  writeBigUInt64LE(this: Bytes, value: bigint, offset = 0): number {
    return putBig(this, value, offset, 0n, 0xffffffffffffffffn)
  },
  writeBigUInt64BE(this: Bytes, value: bigint, offset = 0): number {
    return putBigBack(this, value, offset, 0n, 0xffffffffffffffffn)
  },
  writeBigInt64LE(this: Bytes, value: bigint, offset = 0): number {
    return putBig(this, value, offset, -0x8000000000000000n, 0x7fffffffffffffffn)
  },
  writeBigInt64BE(this: Bytes, value: bigint, offset = 0): number {
    return putBigBack(this, value, offset, -0x8000000000000000n, 0x7fffffffffffffffn)
  },
  writeUIntLE(this: Bytes, value: unknown, offset: number, width: number): number {
    const number = ranged(this, value, offset, width, false)
    return putLittle(this, number, offset, width)
  },
  writeUIntBE(this: Bytes, value: unknown, offset: number, width: number): number {
    const number = ranged(this, value, offset, width, false)
    return putLarge(this, number, offset, width)
  },
  writeIntLE(this: Bytes, value: unknown, offset: number, width: number): number {
    const number = ranged(this, value, offset, width, true)
    return putLittle(this, number, offset, width)
  },
  writeIntBE(this: Bytes, value: unknown, offset: number, width: number): number {
    const number = ranged(this, value, offset, width, true)
    return putLarge(this, number, offset, width)
  },
}

function putBig(self: Bytes, value: bigint, o: number, low: bigint, high: bigint): number {
  check(self, value, low, high, o, 8)
  put32(self, low32(value), o)
  return put32(self, high32(value), o + 4)
}

function putBigBack(self: Bytes, value: bigint, o: number, low: bigint, high: bigint): number {
  check(self, value, low, high, o, 8)
  put32Back(self, high32(value), o)
  return put32Back(self, low32(value), o + 4)
}

function ranged(
  self: Bytes,
  value: unknown,
  offset: number,
  width: number,
  isSigned: boolean,
): number {
  needWidth(width)
  const number = toNumber(value)
  const half = 2 ** (8 * width - 1)
  if (width === 1) needOffset(offset)
  check(self, number, isSigned ? -half : 0, isSigned ? half - 1 : 2 * half - 1, offset, width)
  return number
}

/** One byte of a number, the lowest is 0. A fraction is treated as Node treats it: each half for itself. */
function byteOf(value: number, place: number): number {
  return place < 4 ? value >>> (8 * place) : Math.floor(value * 2 ** -32) >>> (8 * (place - 4))
}

function putLittle(self: Bytes, value: number, offset: number, width: number): number {
  for (let i = 0; i < width; i++) self[offset + i] = byteOf(value, i)
  return offset + width
}

function putLarge(self: Bytes, value: number, offset: number, width: number): number {
  for (let i = 0; i < width; i++) self[offset + width - 1 - i] = byteOf(value, i)
  return offset + width
}

/** For one byte, Node looks at the offset before the value. */
function needOffset(offset: unknown): void {
  if (typeof offset !== 'number') throw wrongType('offset', 'of type number', offset)
}
