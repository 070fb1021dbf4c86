import { needRoom } from './faults.ts'
import { at, type Bytes, RealBytes, toNumber } from './memory.ts'

/** Where a number's bytes are exchanged. One per plugin would change nothing: nobody reads it but in the same call. */
const single = new Float32Array(1)
const singleBytes = new RealBytes(single.buffer)
const double = new Float64Array(1)
const doubleBytes = new RealBytes(double.buffer)

export const floats = {
  readFloatLE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 4)
    for (let i = 0; i < 4; i++) singleBytes[i] = at(this, offset + i)
    return single[0] as number
  },
  readFloatBE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 4)
    for (let i = 0; i < 4; i++) singleBytes[3 - i] = at(this, offset + i)
    return single[0] as number
  },
  readDoubleLE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 8)
    for (let i = 0; i < 8; i++) doubleBytes[i] = at(this, offset + i)
    return double[0] as number
  },
  readDoubleBE(this: Bytes, offset = 0): number {
    needRoom(this, offset, 8)
    for (let i = 0; i < 8; i++) doubleBytes[7 - i] = at(this, offset + i)
    return double[0] as number
  },
  writeFloatLE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    needRoom(this, offset, 4)
    single[0] = number
    for (let i = 0; i < 4; i++) this[offset + i] = at(singleBytes, i)
    return offset + 4
  },
  writeFloatBE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    needRoom(this, offset, 4)
    single[0] = number
    for (let i = 0; i < 4; i++) this[offset + i] = at(singleBytes, 3 - i)
    return offset + 4
  },
  writeDoubleLE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    needRoom(this, offset, 8)
    double[0] = number
    for (let i = 0; i < 8; i++) this[offset + i] = at(doubleBytes, i)
    return offset + 8
  },
  writeDoubleBE(this: Bytes, value: unknown, offset = 0): number {
    const number = toNumber(value)
    needRoom(this, offset, 8)
    double[0] = number
    for (let i = 0; i < 8; i++) this[offset + i] = at(doubleBytes, 7 - i)
    return offset + 8
  },
}
