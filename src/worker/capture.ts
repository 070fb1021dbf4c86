/**
 * What engine and bootstrap use after the realm was closed, taken when the worker loads. Nothing here may be reached from
 * a compartment: `realProcess`, the real constructors and the lockdown are authority.
 */
export const realProcess = process
export const realGlobal: typeof globalThis = globalThis
export const {
  setTimeout: setRealTimeout,
  setInterval: setRealInterval,
  setImmediate: setRealImmediate,
  clearTimeout: clearRealTimeout,
  clearImmediate: clearRealImmediate,
  queueMicrotask: queueRealMicrotask,
} = globalThis
export const RealDate = Date
export const RealMath = Math
export const realJson = Object.freeze({
  __proto__: null,
  parse: JSON.parse,
  stringify: JSON.stringify,
})
export const now: () => number = performance.now.bind(performance)
export const { timeOrigin } = performance
export const threadCpuUsage: () => NodeJS.CpuUsage = process.threadCpuUsage.bind(process)
/** A full collection, where the host has asked V8 for it; the global itself goes with the others. */
export const collectGarbage: ((options: object) => unknown) | undefined = globalThis.gc
export const fillRandom: Crypto['getRandomValues'] = crypto.getRandomValues.bind(crypto)
export const makeUuid: Crypto['randomUUID'] = crypto.randomUUID.bind(crypto)
/** Node's atomics for Piscina's side of the worker; waiting is left out. */
export const workerAtomics = Object.freeze({
  __proto__: null,
  add: Atomics.add,
  load: Atomics.load,
  store: Atomics.store,
  sub: Atomics.sub,
  exchange: Atomics.exchange,
  compareExchange: Atomics.compareExchange,
})

/** Constructors that are wrapped for plugins by the caps; the engine's own realm keeps these. */
export const realConstructors = {
  Function,
  ArrayBuffer,
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Float16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const

/** Makes what came with the thread unreachable; a worker is told what it needs later, by message. */
export function forgetWorkerData(workerThreads: object): void {
  Reflect.set(workerThreads, 'workerData', undefined)
}

/**
 * Errors that nobody caught: in a listener of a plugin, or a promise that it left alone. Without this the thread would
 * end, and whoever reports its end would have to look at the error itself.
 */
export function watchStrayErrors(report: (error: unknown) => void): void {
  realProcess.on('uncaughtException', report)
  realProcess.on('unhandledRejection', report)
}
