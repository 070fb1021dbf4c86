import { pluginBuffer } from '#src/sandbox/buffer/plugin-buffer.ts'
import { randomOf } from './calls.ts'

/*
 * Hostile calls of every method, for a seed: `node hostile-calls.ts 7`. Ends with 3 when something of Node's came out, and by
 * a signal when the process died. A process of its own, because the worst that may happen is its end.
 */

type Method = (...args: unknown[]) => unknown

const CALLS = 60_000
const Ours = pluginBuffer(2 ** 20) as typeof Buffer
const random = randomOf(Number(process.argv[2]))

function pick<T>(list: readonly T[]): T {
  return list[random(list.length)] as T
}

/** A view that passes for a buffer of ours. */
function disguised(view: object): object {
  return Object.setPrototypeOf(view, Ours.prototype)
}

function resizable(): ArrayBuffer {
  return new ArrayBuffer(64, { maxByteLength: 256 })
}

function accessor(owner: object, key: string, get: () => unknown): object {
  return Object.defineProperty(owner, key, { get, configurable: true })
}

function detached(): object {
  const bytes = Ours.alloc(64)
  bytes.buffer.transfer()
  return bytes
}

function outside(): object {
  const memory = resizable()
  const view = disguised(new Uint8Array(memory, 8, 40))
  memory.resize(pick([0, 4, 20]))
  return view
}

/** Its memory shrinks when a name is looked at. */
function trapped(): object {
  const memory = resizable()
  const view = disguised(new Uint8Array(memory))
  return accessor(view, pick(['byteLength', 'length', 'buffer', 'byteOffset']), () => {
    memory.resize(pick([0, 1, 200]))
    return pick([0, 64, 2 ** 40])
  })
}

class Liar extends Uint8Array {
  override get length() {
    return 2 ** 40
  }
  override get byteLength() {
    return -1
  }
  override get byteOffset() {
    return 2 ** 33
  }
}

/** The receiver of the call under way: arguments shrink it while they are converted. */
let victim: ArrayBuffer | undefined

function shrinking(): object {
  victim = resizable()
  return disguised(new Uint8Array(victim))
}

const receivers: readonly (() => unknown)[] = [
  () => Ours.alloc(random(100)),
  () => Ours.from('größe 東京'),
  detached,
  outside,
  trapped,
  shrinking,
  () => disguised(new Uint8Array(resizable())),
  () => disguised(new Uint8Array(new SharedArrayBuffer(64))),
  () => disguised(new Uint8Array(new SharedArrayBuffer(16, { maxByteLength: 64 }))),
  () =>
    Object.defineProperty(Ours.alloc(16), 'length', { value: pick([2 ** 31, -1, 2 ** 53, 'x']) }),
  () => accessor(Ours.alloc(16), 'buffer', () => pick([null, {}, new ArrayBuffer(1)])),
  () => accessor(Ours.alloc(16), 'byteLength', () => 2 ** 40),
  () => accessor(Ours.alloc(16), 'constructor', () => ({ [Symbol.species]: Array })),
  () => Object.setPrototypeOf(Ours.alloc(16), null),
  () => new Liar(8),
  () => disguised(new Float64Array(4)),
  () => disguised(new BigInt64Array(4)),
  () => disguised(new DataView(new ArrayBuffer(8))),
  () => disguised({ length: 10 }),
  () => disguised([]),
  () => new Proxy(Ours.alloc(8), {}),
  () => new Proxy({}, { get: () => 7, has: () => true }),
  () => pick([null, undefined, 5, 'text', Symbol('s'), Ours.prototype, Ours, () => {}]),
  () => new Uint8Array(new ArrayBuffer(2 ** 20), 5, 1000),
  () => Object.freeze(Ours.alloc(0)),
  () => new ArrayBuffer(8),
]

const integers = [
  0,
  -0,
  1,
  2,
  7,
  16,
  63,
  64,
  65,
  255,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 31),
]
const odd = [1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308]
const texts = [
  '',
  'a',
  'utf8',
  'hex',
  'base64',
  'ucs2',
  'latin1',
  'zz',
  'deadbee',
  '\ud800',
  'length',
]

const values: readonly (() => unknown)[] = [
  ...receivers,
  () => pick(integers),
  () => pick(odd),
  () => pick(texts),
  () => pick(['東京'.repeat(50), 'x'.repeat(5000)]),
  () => pick([0n, 1n, -1n, 2n ** 64n, -(2n ** 63n)]),
  () => ({ valueOf: () => pick<unknown>([1, 'a', Symbol.iterator, {}]) }),
  () => ({
    valueOf() {
      victim?.resize(pick([0, 1, 8, 200]))
      return pick([0, 3, 40])
    },
  }),
  () => ({ [Symbol.toPrimitive]: () => pick<unknown>([3, 'x', 2n, {}]) }),
  () => ({ length: pick<unknown>([2 ** 40, -1, 'x', 3, 2 ** 20]), 0: 1 }),
  () => ({ type: 'Buffer', data: [1, 2, 'x', { valueOf: () => 5 }] }),
  () => accessor([Ours.from('a'), Ours.from('b')], '1', () => Ours.alloc(pick([1, 100_000]))),
  () => [Ours.alloc(3), new Liar(4), detached()],
  () =>
    pick<unknown>([
      true,
      new Date(),
      /x/,
      Promise.resolve(),
      new Map(),
      JSON,
      Buffer.from('native'),
    ]),
]

/** Hot, so that the fast way into native code is taken; then the memory goes away between its check and its use. */
function raceWrites(): void {
  for (const method of ['utf8Write', 'latin1Write', 'asciiWrite', 'write'] as const) {
    const memory = resizable()
    const view = disguised(new Uint8Array(memory)) as Record<typeof method, Method>
    let isArmed = false
    accessor(view, 'byteLength', () => {
      if (isArmed) memory.resize(0)
      return 2 ** 20
    })
    for (let i = 0; i < 20_000; i++) {
      isArmed = i > 19_800
      memory.resize(64)
      attempt(() => view[method]('hello world 1234', 32, 16))
    }
  }
}

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

function methodsOf(owner: object): string[] {
  const names = Object.getOwnPropertyNames(owner)
  return names.filter((name) => typeof attempt(() => Reflect.get(owner, name)) === 'function')
}

const errors = [Error, TypeError, RangeError, SyntaxError].map((Kind) => Kind.prototype as object)
const own = methodsOf(Ours.prototype)
const statics = methodsOf(Ours)
const inherited = 'set at with toSorted sort copyWithin map filter toHex toBase64 join'.split(' ')
const foreign = new Set<string>()

function callOne(): void {
  const isStatic = random(4) === 0
  const name = isStatic ? pick(statics) : random(8) === 0 ? pick(inherited) : pick(own)
  const method: unknown = Reflect.get(isStatic ? Ours : Ours.prototype, name)
  if (typeof method !== 'function') return
  victim = undefined
  const self = isStatic ? Ours : attempt(() => pick(receivers)())
  const args = Array.from({ length: random(6) }, () => attempt(() => pick(values)()))
  try {
    const result: unknown =
      random(40) === 0
        ? Reflect.construct(method, args, pick([method, Ours, Array, Uint8Array]) as Method)
        : Reflect.apply(method, self, args)
    if (Buffer.isBuffer(result) && !args.includes(result))
      foreign.add(`${name} gave a Buffer of Node`)
  } catch (error) {
    const isOurs = typeof error !== 'object' || error === null || isOwnError(error)
    if (!isOurs) foreign.add(`${name} threw ${String(error)}`)
  }
}

/** Node's have a `toString` of their own and say in their stack where they come from. */
function isOwnError(error: object): boolean {
  if (!errors.includes(Object.getPrototypeOf(error) as object)) return false
  return (
    Object.getOwnPropertyNames(error).every((name) =>
      ['stack', 'message', 'code', 'cause'].includes(name),
    ) &&
    !/\n\s+at .*\(node:/.test(
      String((error as Error).stack)
        .split('\n')
        .slice(0, 2)
        .join('\n'),
    )
  )
}

raceWrites()
for (let i = 0; i < CALLS; i++) callOne()
console.log([...foreign].slice(0, 10).join('\n'))
process.exitCode = foreign.size > 0 ? 3 : 0
