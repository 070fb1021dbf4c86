import module from 'node:module'
import v8 from 'node:v8'
import { realGlobal, realProcess } from './capture.ts'

const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect

/** What Node's own code, Piscina and the engine go on using of `process`. Everything else of it is emptied. */
const processKeeps: ReadonlySet<string> = new Set([
  'version',
  'versions',
  'arch',
  'platform',
  'release',
  'features',
  'config',
  'argv',
  'execArgv',
  'execPath',
  'pid',
  'ppid',
  'title',
  'exitCode',
  '_exiting',
  'domain',
  'nextTick',
  '_tickCallback',
  '_fatalException',
  'hrtime',
  'uptime',
  'cpuUsage',
  'threadCpuUsage',
  'memoryUsage',
  'reallyExit',
  'exit',
  'permission',
  'stdin',
  'stdout',
  'stderr',
  '_events',
  '_eventsCount',
  '_maxListeners',
])

/** Names that Node's own code calls at any time: they do nothing, instead of failing. */
const processMutes: ReadonlySet<string> = new Set(['emitWarning', '_rawDebug'])

/** Globals of the start realm that stay: the language's, and what the engine uses. */
const globalKeeps: ReadonlySet<string> = new Set(
  `Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error
  AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError DisposableStack
  AsyncDisposableStack globalThis JSON Math Intl ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array
  BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt Set Iterator WeakMap
  WeakSet Proxy Reflect FinalizationRegistry WeakRef decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape
  eval isFinite isNaN global Buffer URL URLSearchParams DOMException AbortController AbortSignal Event EventTarget TextEncoder
  TextDecoder queueMicrotask structuredClone atob btoa Temporal TransformStream WritableStream ReadableStream
  ByteLengthQueuingStrategy CountQueuingStrategy performance setTimeout setInterval setImmediate clearTimeout clearInterval
  clearImmediate lockdown harden Compartment`.split(/\s+/),
)

/** The start realm has nobody to talk to; the lockdown wants to see a console. */
const muteConsole = Object.freeze({ log() {}, info() {}, warn() {}, error() {}, debug() {} })

/**
 * Empties the objects through which a thread has authority, and cuts the start realm's globals. Plugins never see these;
 * this is for the day when one finds a way to.
 */
export function stripRealm(atomics: object): void {
  emptyProcess()
  emptyModule(v8, 'v8')
  emptyModule(module, 'module')
  // By name, without looking: Node's lazy globals load half of the platform when they are read.
  for (const key of ownKeys(realGlobal)) {
    if (typeof key === 'string' && !globalKeeps.has(key)) deleteProperty(realGlobal, key)
  }
  defineProperty(realGlobal, 'Atomics', { value: atomics, configurable: true })
  defineProperty(realGlobal, 'console', { value: muteConsole, writable: true, configurable: true })
}

function emptyProcess(): void {
  for (const key of ownKeys(realProcess)) {
    if (typeof key !== 'string' || key === 'env' || processKeeps.has(key)) continue
    const described = getOwnPropertyDescriptor(realProcess, key)
    const isMethod = typeof described?.value === 'function'
    const value = processMutes.has(key) ? () => {} : isMethod ? denial(`process.${key}`) : undefined
    defineProperty(realProcess, key, { value, writable: false, configurable: false })
  }
  defineProperty(realProcess, 'env', { value: Object.freeze({ __proto__: null }) })
}

function emptyModule(target: object, name: string): void {
  for (const key of ownKeys(target)) {
    const described = getOwnPropertyDescriptor(target, key)
    if (typeof key !== 'string' || described?.configurable !== true) continue
    if (typeof described.value !== 'function') continue
    defineProperty(target, key, { value: denial(`${name}.${key}`), configurable: false })
  }
}

function denial(name: string): () => never {
  return () => {
    throw Object.assign(new Error(`${name} is not there in a rule worker`), {
      code: 'ERR_PLUGIN_DENIED',
    })
  }
}
