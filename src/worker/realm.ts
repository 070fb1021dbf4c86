import { evaluateInCompartment } from '#src/sandbox/compartment.ts'
import { BorderError } from '#src/sandbox/copy.ts'
import { DeadlineError } from '#src/sandbox/deadline.ts'
import type { PluginRuntime } from '#src/sandbox/plugin-host.ts'
import type { CompartmentClass, Realm } from '#src/sandbox/realm.ts'
import { bytesOfView, tagOfView } from '#src/sandbox/slots.ts'
import type { RealTimers } from '#src/sandbox/timers.ts'
import { FrameError } from '#src/sandbox/websocket/frames.ts'
import { MAX_ALLOCATION_BYTES } from './caps.ts'
import {
  clearRealImmediate,
  clearRealTimeout,
  fillRandom,
  makeUuid,
  now,
  queueRealMicrotask,
  RealDate,
  RealMath,
  realConstructors,
  realGlobal,
  setRealImmediate,
  setRealInterval,
  setRealTimeout,
  timeOrigin,
} from './capture.ts'
import { platformClasses } from './freeze.ts'
import { asyncContextModule } from './natives/async-context.ts'
import { compressionModule } from './natives/compression.ts'
import { hashingModule } from './natives/hashing.ts'

const { apply } = Reflect
const { AbortController, AbortSignal, DOMException } = globalThis
const nextTick = process.nextTick.bind(process)
const { version, platform, arch } = process
const v8 = process.versions.v8

/** The time of plugins: the thread's, or one that a test moves by hand. */
export interface PluginTime {
  readonly timers: RealTimers
  /** ms since the epoch */
  wallTime(): number
}

const realTime: PluginTime = {
  timers: {
    setTimeout: setRealTimeout,
    setInterval: setRealInterval,
    setImmediate: setRealImmediate,
    clearTimeout: clearRealTimeout,
    clearImmediate: clearRealImmediate,
  },
  wallTime: () => Math.floor(timeOrigin + now()),
}

/** Plugins in compartments. Called after the lockdown. */
export function sandboxRuntime(time: PluginTime = realTime): PluginRuntime {
  const realm = sandboxRealm(time.timers)
  return {
    evaluate: (code, outlet) => evaluateInCompartment(realm, code, code.text, outlet),
    harden: realm.harden,
    timers: realm.timers,
    makeAbort() {
      const controller = new AbortController()
      return { signal: controller.signal, abort: () => controller.abort() }
    },
    now,
    wallTime: () => time.wallTime(),
  }
}

const floatArrays = ['Float16Array', 'Float32Array', 'Float64Array'] as const

/** The realm of compartments. Called after the lockdown: `Compartment` and `harden` are its. */
export function sandboxRealm(timers: RealTimers = realTime.timers): Realm {
  const { Compartment, harden } = realGlobal as unknown as {
    Compartment: CompartmentClass
    harden: <T>(value: T) => T
  }
  const shared: Record<string, unknown> = { Date: RealDate, Math: RealMath, Intl }
  for (const name of platformClasses) shared[name] = realGlobal[name]
  // SES leaves them to us: of a NaN they show bits that the language hides, which are no secret of anybody's.
  for (const name of floatArrays) shared[name] = realConstructors[name].prototype.constructor
  for (const value of Object.values(shared)) harden(value)
  // Errors that a plugin meets lead to their classes.
  for (const error of [BorderError, DeadlineError, FrameError]) harden(error)
  return {
    Compartment,
    harden,
    shared,
    timers,
    facts: { version, v8, platform, arch, now },
    timeOrigin,
    nextTick: (run) => nextTick(run),
    queueMicrotask: (run) => queueRealMicrotask(run),
    crypto: harden({ getRandomValues: fillView, randomUUID: () => makeUuid() }),
    maxBytes: MAX_ALLOCATION_BYTES,
    modules: {
      'plutino:hashing': harden(hashingModule()),
      'plutino:compression': harden(compressionModule(MAX_ALLOCATION_BYTES)),
      'plutino:async-context': harden(asyncContextModule()),
    },
    platform: { AbortController, AbortSignal, DOMException },
  }
}

const setBytes = Uint8Array.prototype.set
const Bytes = Uint8Array

/** `crypto.getRandomValues`: the native function never sees the plugin's object. */
function fillView(view: unknown): unknown {
  const tag = apply(tagOfView, view, []) as string | undefined
  if (tag === undefined || tag.startsWith('Float')) throw new TypeError('an integer array expected')
  const target = bytesOfView(view as object)
  const { length } = target
  if (length > 65536) throw new RangeError(`${length} random bytes are more than 65536`)
  apply(setBytes, target, [fillRandom(new Bytes(length))])
  return view
}
