/* The same text in plain Node and in a plugin's compartment: ns per call of each operation. */
const text = 'The quick brown fox jumps over the lazy dog, 0123456789; '
const wide = 'Größe 20 µm – 東京 🚀 naïve; '
const kilobyte = Buffer.from(text.repeat(18).slice(0, 1024))
const wideKilobyte = Buffer.from(wide.repeat(26)).subarray(0, 1000)
const short = Buffer.from('sensor-17/temp')
const twin = Buffer.from(kilobyte)
const parts = Array.from({ length: 16 }, () => Buffer.from(text))
const scratch = Buffer.alloc(4096)
const hex = kilobyte.toString('hex')
const base64 = kilobyte.toString('base64')
const list = [...kilobyte.subarray(0, 64)]

function numbers(write, read) {
  return () => {
    let sum = 0
    for (let i = 0; i < 64; i++) {
      scratch[write](i, i * 8)
      sum += Number(scratch[read](i * 8))
    }
    return sum
  }
}

function bigNumbers() {
  let sum = 0n
  for (let i = 0; i < 64; i++) {
    scratch.writeBigInt64LE(BigInt(i), i * 8)
    sum += scratch.readBigInt64LE(i * 8)
  }
  return Number(sum)
}

function frame() {
  const body = Buffer.from('{"id":17,"name":"größe"}')
  const head = Buffer.allocUnsafe(8)
  head.writeUInt32BE(body.length, 0)
  head.writeUInt16BE(0xcafe, 4)
  const whole = Buffer.concat([head, body])
  const size = whole.readUInt32BE(0)
  return whole.subarray(8, 8 + size).toString('utf8').length + whole.toString('hex', 0, 4).length
}

const cases = {
  'alloc 64': () => Buffer.alloc(64).length,
  'alloc 1 KB': () => Buffer.alloc(1024).length,
  'allocUnsafe 64': () => Buffer.allocUnsafe(64).length,
  'from 14 letters': () => Buffer.from('sensor-17/temp').length,
  'from 1 KB of letters': () => Buffer.from(text.repeat(18)).length,
  'from 1 KB of bytes': () => Buffer.from(kilobyte).length,
  'from a list of 64': () => Buffer.from(list).length,
  'from 1 KB of hex': () => Buffer.from(hex, 'hex').length,
  'from 1 KB of base64': () => Buffer.from(base64, 'base64').length,
  byteLength: () => Buffer.byteLength(wide),
  isBuffer: () => Number(Buffer.isBuffer(short)),
  'UInt8 x64': numbers('writeUInt8', 'readUInt8'),
  'Int16BE x64': numbers('writeInt16BE', 'readInt16BE'),
  'UInt32LE x64': numbers('writeUInt32LE', 'readUInt32LE'),
  'DoubleLE x64': numbers('writeDoubleLE', 'readDoubleLE'),
  'FloatBE x64': numbers('writeFloatBE', 'readFloatBE'),
  'BigInt64LE x64': bigNumbers,
  'index loop 1 KB': () => {
    let sum = 0
    for (let i = 0; i < kilobyte.length; i++) sum += kilobyte[i]
    return sum
  },
  slice: () => kilobyte.slice(100, 200).length,
  subarray: () => kilobyte.subarray(100, -200).length,
  'write 14 letters': () => scratch.write('sensor-17/temp', 7),
  'write wide letters': () => scratch.write(wide, 90),
  'write latin1': () => scratch.write(text, 7, 'latin1'),
  'toString 14': () => short.toString().length,
  'toString 1 KB': () => kilobyte.toString().length,
  'toString 1 KB, wide': () => wideKilobyte.toString('utf8').length,
  'toString latin1 1 KB': () => kilobyte.toString('latin1').length,
  'toString hex 1 KB': () => kilobyte.toString('hex').length,
  'toString base64 1 KB': () => kilobyte.toString('base64').length,
  'concat 16': () => Buffer.concat(parts).length,
  'compare 1 KB': () => Buffer.compare(kilobyte, twin),
  'equals 1 KB': () => Number(kilobyte.equals(twin)),
  'indexOf byte': () => kilobyte.indexOf(0x3b, 500),
  'indexOf text': () => kilobyte.indexOf('lazy dog', 500),
  'fill 4 KB': () => scratch.fill(7).length,
  'fill 4 KB with text': () => scratch.fill('abc').length,
  'copy 1 KB': () => kilobyte.copy(scratch, 10),
  'copy 8': () => kilobyte.copy(scratch, 10, 3, 11),
  'a frame of a protocol': frame,
}

let sink = 0

/** So that no result is thrown away unseen. */
exports.sink = () => sink

exports.names = () => Object.keys(cases)

/** ns per call, the best of some rounds. */
exports.measure = (name, now) => {
  const run = cases[name]
  let times = 16
  for (;;) {
    const start = now()
    for (let i = 0; i < times; i++) sink += run()
    if (now() - start > 4) break
    times *= 2
  }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 7; round++) {
    const start = now()
    for (let i = 0; i < times; i++) sink += run()
    best = Math.min(best, ((now() - start) * 1e6) / times)
  }
  return best
}
