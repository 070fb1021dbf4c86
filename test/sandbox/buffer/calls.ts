/** Random calls of a Buffer's API, the same for every class that they are given to. */

type Api = typeof Buffer
type Call = (api: Api) => unknown
type Method = (...args: unknown[]) => unknown

/** A generator of whole numbers below n, the same for the same seed. */
export function randomOf(seed: number): (n: number) => number {
  let state = seed >>> 0
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

const texts = [
  ...['', 'a', 'abc', 'größe', '東京🚀', 'SGVsbG8=', 'SGVsbG8', 'deadbeef', 'DEADBEE', 'xyz', '=='],
  ...['\ud800', '\ud800x\udc00', ' SG Vs_-bG8= ', 'é'.repeat(40), '\u0000\u0001', 'zz11', 'ÿ'],
  ...['The quick brown fox '.repeat(5), 'long '.repeat(1000), 'ü'.repeat(3000), 'ab'.repeat(4100)],
]
const needles = [97, 98, 353, -159, 97.9, 'a', 'ab', 'abc', '', 'bca', 'YWI=', '6162', [97, 98], []]
const names = [
  ...[undefined, 'utf8', 'UTF-8', 'latin1', 'binary', 'hex', 'HEX', 'base64', 'base64url', 'ascii'],
  ...['ucs2', 'utf16le', 'UTF-16LE', 'ucs-2', null, '', 'nope', 'utf-99999999'],
]
const places = [
  ...[undefined, 0, 1, 2, 3, 5, 8, 16, 64, 1000, -1, -3, -1000, 1.5, Number.NaN, 2 ** 31, 2 ** 32],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '2', null],
]
/** Node's own ends the process when the end of a search is no number, and takes Infinity for 0. */
const ends = places.filter(
  (end) => end === undefined || (typeof end === 'number' && Math.abs(end as number) < 2 ** 53),
)
const strings = names.filter((name) => name !== null)
const numbers = [
  ...[0, 1, 127, 128, 255, 256, 65535, 65536, -1, -128, -129, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1.5],
  ...[Number.NaN, -0.5, 1e300, 2 ** 47, -(2 ** 47), '7', undefined, Math.PI, -0],
]
const bigs = [0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, 2n ** 64n, 5]
const fixed =
  `UInt8 Int8 UInt16LE UInt16BE Int16LE Int16BE UInt32LE UInt32BE Int32LE Int32BE FloatLE FloatBE DoubleLE DoubleBE
  Uint8 Uint16LE Uint32BE`.split(/\s+/)
const large = ['BigUInt64LE', 'BigUInt64BE', 'BigInt64LE', 'BigInt64BE', 'BigUint64LE']
const variable = ['UIntLE', 'UIntBE', 'IntLE', 'IntBE', 'UintLE']
const slices = ['utf8', 'latin1', 'ascii', 'hex', 'base64', 'base64url', 'ucs2']

/** Makes one call, with its name. */
export function randomCall(random: (n: number) => number): { name: string; call: Call } {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const list = () =>
    Array.from({ length: pick([0, 1, 2, 3, 4, 7, 8, 9, 16, 33, 48, 100]) }, () => random(256))
  const letters = () => list().map((byte) => 97 + (byte % 3))
  const bytes = (api: Api, value: unknown) => (Array.isArray(value) ? api.from(value) : value)
  /** What a method returns, and what it leaves. */
  const on = (content: readonly number[], method: string, args: readonly unknown[]) => ({
    name: method,
    call: (api: Api) => {
      const self = api.from(content)
      const given = args.map((arg) => bytes(api, arg))
      const result = (self as unknown as Record<string, Method>)[method]?.apply(self, given)
      return [result === self ? 'itself' : result, self]
    },
  })
  const on1 = (method: string, args: readonly unknown[]) => ({
    name: method,
    call: (api: Api) => (api as unknown as Record<string, Method>)[method]?.apply(api, [...args]),
  })
  const kinds: readonly (() => { name: string; call: Call })[] = [
    () => on1('from', [pick(texts), pick(names)]),
    () =>
      on1('from', [pick<unknown>([list(), new Float64Array([1.5, -1, 300]), { length: 3, 1: 7 }])]),
    () =>
      on1('from', [
        pick<unknown>([{}, null, 5, true, { type: 'Buffer', data: [1, 999] }, new String('x')]),
      ]),
    () => on1('from', [new ArrayBuffer(10), pick(places), pick(places)]),
    () =>
      on1('alloc', [
        pick([0, 1, 5, 16, 5000, -1, 1.5, Number.NaN, '2', undefined]),
        pick<unknown>([undefined, 0, 7, 256, -1, ...texts]),
        pick(names),
      ]),
    () =>
      on1('byteLength', [
        pick<unknown>([...texts, new Uint16Array(3), new ArrayBuffer(5), 5, null]),
        pick(names),
      ]),
    () => on1('isEncoding', [pick<unknown>([...names, 5, {}])]),
    () =>
      on1('copyBytesFrom', [
        pick<unknown>([new Uint16Array([1, 2, 3]), list(), new Float32Array(2)]),
        pick(places),
        pick(places),
      ]),
    () => {
      const [parts, total] = [[list(), list(), list()], pick(places.slice(0, 13))]
      return {
        name: 'concat',
        call: (api) =>
          api.concat(
            parts.map((part) => api.from(part)),
            total as number,
          ),
      }
    },
    () => {
      const [one, other] = [letters(), letters()]
      return {
        name: 'static compare',
        call: (api) => [
          api.compare(api.from(one), api.from(other)),
          api.from(one).equals(api.from(other)),
        ],
      }
    },
    () => on(list(), 'toString', [pick(names), pick(places), pick(places)]),
    () => on(list(), pick(['slice', 'subarray']), [pick(places), pick(places)]),
    () => on(list(), 'write', [pick(texts), pick(places), pick(places), pick(names)]),
    () => on(list(), 'write', [pick(texts), pick(names)]),
    () => on(list(), 'write', [pick(texts), pick([0, 1, 5]), pick(names)]),
    () =>
      on(list(), 'fill', [
        pick<unknown>([0, 7, 256, -1, 1.9, true, null, ...texts, list(), []]),
        pick(places),
        pick(places),
        pick(names),
      ]),
    () => on(list(), 'fill', [pick<unknown>([...texts, 5]), pick([...names, 0, 2]), pick(names)]),
    () =>
      on(letters(), pick(['indexOf', 'lastIndexOf', 'includes']), [
        pick<unknown>(needles),
        pick(places),
        pick(strings),
      ]),
    () =>
      on(letters(), pick(['indexOf', 'lastIndexOf', 'includes']), [
        pick<unknown>(needles),
        pick(places),
        pick(ends),
        pick(strings),
      ]),
    () =>
      on(letters(), pick(['indexOf', 'lastIndexOf', 'includes']), [
        pick<unknown>([...needles, null, {}, true]),
        pick(strings),
      ]),
    () =>
      on(letters(), 'compare', [letters(), pick(places), pick(places), pick(places), pick(places)]),
    () => {
      const [from, to, ...args] = [list(), list(), pick(places), pick(places), pick(places)]
      return {
        name: 'copy',
        call: (api) => {
          const target = api.from(to)
          return [Reflect.apply(api.from(from).copy, api.from(from), [target, ...args]), target]
        },
      }
    },
    () => {
      const [content, ...args] = [list(), pick(places), pick(places), pick(places)]
      return {
        name: 'copy within',
        call: (api) => {
          const target = api.from(content)
          return [Reflect.apply(target.copy, target, [target, ...args]), target]
        },
      }
    },
    () => on(list(), `read${pick([...fixed, ...large])}`, [pick(places)]),
    () => on(list(), `write${pick(fixed)}`, [pick(numbers), pick(places)]),
    () => on(list(), `write${pick(large)}`, [pick<unknown>(bigs), pick(places)]),
    () =>
      on(list(), `read${pick(variable)}`, [
        pick(places),
        pick([1, 2, 3, 4, 5, 6, 7, 0, undefined, 1.5, '2']),
      ]),
    () =>
      on(list(), `write${pick(variable)}`, [
        pick(numbers),
        pick(places),
        pick([1, 2, 3, 4, 5, 6, 7]),
      ]),
    () =>
      on(list(), pick(['swap16', 'swap32', 'swap64', 'toJSON', 'inspect', 'toLocaleString']), []),
    () => on(list(), `${pick(slices)}Slice`, [pick([0, 1, 2, undefined]), pick([undefined, 3, 4])]),
    () =>
      on(list(), `${pick(slices)}Write`, [
        pick(texts),
        pick([0, 1, 2, undefined]),
        pick([undefined, 1, 0]),
      ]),
    () => on(list(), pick(['map', 'filter']), [(byte: number) => byte & 127]),
  ]
  return pick(kinds)()
}

/** A result in a form that can be compared: bytes, values, or the kind and code of an error. */
export function outcome(api: Api, call: Call): string {
  try {
    return shown(call(api))
  } catch (error) {
    const { name, code } = error as { name: string; code?: string }
    return `throws ${name} ${code ?? ''}`
  }
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${[...value]}`
  if (Array.isArray(value)) return `[${value.map(shown).join('; ')}]`
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'number' ? `${value}` : (JSON.stringify(value) ?? 'undefined')
}
