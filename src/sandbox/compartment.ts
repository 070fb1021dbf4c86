import type { PluginLimit } from '#src/worker/protocol.ts'
import { pluginConsole, pluginProcess } from './ambient.ts'
import { pluginBuffer } from './buffer/plugin-buffer.ts'
import type { PluginLog } from './plugin-log.ts'
import { scriptUrl } from './plugin-stack.ts'
import type { Powers } from './powers.ts'
import type { Realm } from './realm.ts'
import { cloneStructured } from './structured-clone.ts'
import { type PluginTimers, pluginTimers, TimerHandle } from './timers.ts'
import { PluginTextDecoder, PluginTextEncoder, pluginAtob, pluginBtoa } from './wrap-text.ts'
import { PluginSearchParams, PluginUrl } from './wrap-url.ts'

/** What a plugin's script made, and the end of everything that it set going. */
export interface Evaluated {
  readonly exports: unknown
  stop(): void
}

export interface PluginIdentity {
  readonly package: string
  readonly version: string
  readonly sha256?: string | undefined
  readonly mapped?: boolean | undefined
}

/** How the plugin reaches the outside: its log, and where an error goes that no caller waits for. */
export interface Outlet {
  readonly log: PluginLog
  /** What the host serves: globals, and modules by name. */
  readonly powers: Pick<Powers, 'globals' | 'modules'>
  failed(error: unknown): void
  /** A limit of the plugin's own was passed. */
  limited?(limit: PluginLimit): void
}

/** What stands before the script on its first line; one line more stands before that. */
export const SCRIPT_HEAD = 'return function (exports, require, module, __filename, __dirname) {'

/**
 * Evaluates a bundled CommonJS script in a compartment of its own: it sees the language, the globals made here, and
 * nothing of the worker, of other plugins or of the runtime.
 */
export function evaluateInCompartment(
  realm: Realm,
  plugin: PluginIdentity,
  text: string,
  outlet: Outlet,
): Evaluated {
  const timers = pluginTimers(realm.timers, outlet.failed, () => outlet.limited?.('timers'))
  const compartment = new realm.Compartment({
    __options__: true,
    name: `${plugin.package}@${plugin.version}`,
    globals: pluginGlobals(realm, timers, outlet),
  })
  const global = compartment.globalThis as Record<string, unknown>
  // Compartments within this one are no escape, but nobody needs them either.
  for (const name of makers) Reflect.deleteProperty(global, name)
  global.global = global
  global.self = global
  const names = Object.getOwnPropertyNames(global).filter(isParameter)
  const bind: unknown = compartment.evaluate(
    `(function (${names.join(', ')}) {
${SCRIPT_HEAD}${text}\n}})
//# sourceURL=${scriptUrl(plugin)}`,
  )
  const load: unknown = call(
    bind,
    undefined,
    names.map((name) => global[name]),
  )
  const module: { exports: unknown } = { exports: {} }
  const modules = new Map(Object.entries({ ...realm.modules, ...outlet.powers.modules }))
  for (const served of modules.values()) realm.harden(served)
  const require = realm.harden((specifier: unknown) => {
    const served = typeof specifier === 'string' ? modules.get(specifier) : undefined
    if (served === undefined) throw denied(plugin, specifier)
    return served
  })
  const path = '/plugin/index.js'
  call(load, module.exports, [module.exports, require, module, path, '/plugin'])
  return { exports: module.exports, stop: () => timers.stop() }
}

const makers = ['Compartment', 'harden', 'lockdown', 'ModuleSource'] as const

/**
 * Globals are parameters around the script too: found through the compartment's scope, each use of `Math` would cost
 * 0.1 µs. Names of the script's own stand within, and win.
 */
function isParameter(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'eval' && name !== 'arguments'
}

function call(target: unknown, self: unknown, args: readonly unknown[]): unknown {
  if (typeof target !== 'function') throw new SyntaxError('the script is no CommonJS module')
  return Reflect.apply(target, self, args)
}

/** Everything by which a plugin may be reached or reach out, hardened. */
export function pluginGlobals(
  realm: Realm,
  timers: PluginTimers,
  outlet: Outlet,
): Record<string, unknown> {
  const { harden } = realm
  const globals = {
    ...timers.globals,
    console: pluginConsole(outlet.log),
    process: pluginProcess(
      { ...realm.facts, nextTick: (run) => realm.nextTick(guarded(run, outlet)) },
      outlet.log,
    ),
    queueMicrotask: (callback: () => unknown) => {
      if (typeof callback !== 'function') throw new TypeError('the callback must be a function')
      realm.queueMicrotask(guarded(callback, outlet))
    },
    structuredClone: (value: unknown) => cloneStructured(value),
    crypto: realm.crypto,
    performance: { now: () => realm.facts.now(), timeOrigin: realm.timeOrigin },
    AbortSignal: signalClass(realm, timers),
    Buffer: pluginBuffer(realm.maxBytes),
    atob: pluginAtob,
    btoa: pluginBtoa,
    TextEncoder: PluginTextEncoder,
    TextDecoder: PluginTextDecoder,
    URL: PluginUrl,
    URLSearchParams: PluginSearchParams,
    ...realm.shared,
    ...outlet.powers.globals,
  }
  harden(TimerHandle.prototype)
  for (const value of Object.values(globals)) harden(value)
  return globals
}

function guarded(callback: () => unknown, outlet: Outlet): () => void {
  return () => {
    try {
      callback()
    } catch (error) {
      outlet.failed(error)
    }
  }
}

/** `AbortSignal` for one plugin: its time-outs count as the plugin's own timers. */
function signalClass(realm: Realm, timers: PluginTimers): object {
  const { AbortController, AbortSignal, DOMException } = realm.platform
  const setTimeout = timers.globals.setTimeout as (run: () => void, ms: unknown) => unknown
  const statics = {
    abort: (reason?: unknown) => AbortSignal.abort(reason),
    any: (signals: Iterable<AbortSignal>) => AbortSignal.any([...signals]),
    timeout: (ms: unknown) => {
      const controller = new AbortController()
      const reason = new DOMException('the operation timed out', 'TimeoutError')
      setTimeout(() => controller.abort(reason), ms)
      return controller.signal
    },
  }
  function IllegalConstructor(): never {
    throw new TypeError('Illegal constructor')
  }
  Object.defineProperty(IllegalConstructor, 'name', { value: 'AbortSignal' })
  IllegalConstructor.prototype = AbortSignal.prototype
  return Object.assign(IllegalConstructor, statics)
}

function denied(plugin: PluginIdentity, specifier: unknown): Error {
  const name = typeof specifier === 'string' ? specifier.slice(0, 80) : typeof specifier
  const who = `plugin ${plugin.package}@${plugin.version}`
  const error = new Error(
    `${who} has no module "${name}": bundle it with the plugin; what needs files, sockets or processes has to ask for it in its permissions, or be installed as trusted`,
  )
  return Object.assign(error, { code: 'ERR_PLUGIN_DENIED' })
}
