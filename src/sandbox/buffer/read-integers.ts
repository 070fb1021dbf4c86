import { needRoom, needWidth, wrongType } from './faults.ts'
import { at, type Bytes } from './memory.ts'

/*
 * Every method checks its first and last element and then reads elements one by one, which the engine turns into loads. A
 * receiver that is no byte array gives a wrong number at worst.
 */

function word(self: Bytes, o: number): number {
  return (
    (at(self, o) | (at(self, o + 1) << 8) | (at(self, o + 2) << 16) | (at(self, o + 3) << 24)) >>> 0
  )
}

function wordBack(self: Bytes, o: number): number {
  return (
    ((at(self, o) << 24) | (at(self, o + 1) << 16) | (at(self, o + 2) << 8) | at(self, o + 3)) >>> 0
  )
}

export const integerReaders = {
  readUInt8(this: Bytes, offset = 0): number {
    needRoom(this, offset, 1)
    return at(this, offset)
  },
  readInt8(this: Bytes, offset = 0): number {
    needRoom(this, offset, 1)
    return (at(this, offset) << 24) >> 24
  },
  readUInt16LE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 2)
    return at(this, offset) | (at(this, offset + 1) << 8)
  },
  readUInt16BE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 2)
    return (at(this, offset) << 8) | at(this, offset + 1)
  },
  readInt16LE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 2)
    return ((at(this, offset) | (at(this, offset + 1) << 8)) << 16) >> 16
  },
  readInt16BE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 2)
    return (((at(this, offset) << 8) | at(this, offset + 1)) << 16) >> 16
  },
  readUInt32LE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 4)
    return word(this, offset)
  },
  readUInt32BE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 4)
    return wordBack(this, offset)
  },
  readInt32LE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 4)
    return word(this, offset) | 0
  },
  readInt32BE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 4)
    return wordBack(this, offset) | 0
  },
  readBigUInt64LE(this: Bytes, offset = 0): bigint {
    needRoom(this, offset, 8)
    return (BigInt(word(this, offset + 4)) << 32n) + BigInt(word(this, offset))
  },
  readBigUInt64BE(this: Bytes, offset = 0): bigint {
    needRoom(this, offset, 8)
    return (BigInt(wordBack(this, offset)) << 32n) + BigInt(wordBack(this, offset + 4))
  },
  readBigInt64LE(this: Bytes, offset = 0): bigint {
    needRoom(this, offset, 8)
    return (BigInt(word(this, offset + 4) | 0) << 32n) + BigInt(word(this, offset))
  },
  readBigInt64BE(this: Bytes, offset = 0): bigint {
    needRoom(this, offset, 8)
    return (BigInt(wordBack(this, offset) | 0) << 32n) + BigInt(wordBack(this, offset + 4))
  },
  readUIntLE(this: Bytes, offset: number, width: number): number {
    return readLittle(this, offset, width)
  },
  readUIntBE(this: Bytes, offset: number, width: number): number {
    return readBig(this, offset, width)
  },
  readIntLE(this: Bytes, offset: number, width: number): number {
    return signed(readLittle(this, offset, width), width)
  },
  readIntBE(this: Bytes, offset: number, width: number): number {
    return signed(readBig(this, offset, width), width)
  },
}

function readLittle(self: Bytes, offset: number, width: number): number {
  checkAll(self, offset, width)
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + at(self, offset + i)
  return value
}

function readBig(self: Bytes, offset: number, width: number): number {
  checkAll(self, offset, width)
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + at(self, offset + i)
  return value
}

function checkAll(self: Bytes, offset: unknown, width: unknown): void {
  if (offset === undefined) throw wrongType('offset', 'of type number', offset)
  needWidth(width)
  needRoom(self, offset, width)
}

function signed(value: number, width: number): number {
  return value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value
}
