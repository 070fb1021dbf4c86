import type { PluginContext, State, StateClass } from '@plutino/sdk'
import { rebuiltError } from './clean-error.ts'
import type { PluginLog } from './plugin-log.ts'

export interface ContextOptions {
  readonly ruleId: string
  readonly operatorId: string
  readonly instanceId: number
  readonly signal: AbortSignal
  readonly log: PluginLog
  readonly state: State
  /** What the host serves: `connect`, `fetch`, …; shared by all contexts of a package. */
  readonly powers: Readonly<Record<string, unknown>>
  /** ms since the epoch */
  now(): number
  /** What was put is more than the state may hold. */
  overfull?(): void
}

/** Freezes all that an object leads to; nothing at all in the trusted tier. */
export type Harden = <T>(value: T) => T

/**
 * What an extension is given: closures over plain data, so that it leads nowhere. Errors of the state are rebuilt, since
 * an error of the engine would lead to the engine's classes.
 *
 * @param more what one kind has beside the common
 */
export function pluginContext<T extends object>(
  options: ContextOptions,
  harden: Harden,
  more: T,
): PluginContext & T {
  const { log, state, signal, ruleId, operatorId, instanceId } = options
  const safely = <T>(step: () => T): T => {
    try {
      return step()
    } catch (error) {
      const rebuilt = rebuiltError(error)
      if (rebuilt.code === 'state-too-large') options.overfull?.()
      throw rebuilt
    }
  }
  const logger = {
    debug: (...parts: unknown[]) => log.write('debug', parts),
    info: (...parts: unknown[]) => log.write('info', parts),
    warn: (...parts: unknown[]) => log.write('warn', parts),
    error: (...parts: unknown[]) => log.write('error', parts),
  }
  const context = {
    ...options.powers,
    ruleId,
    operatorId,
    instanceId,
    signal,
    logger,
    getLogger: () => logger,
    clock: { now: () => options.now() },
    putState: (key: unknown, value: unknown) => safely(() => state.putState(keyOf(key), value)),
    getState: (key: unknown) => safely(() => state.getState(keyOf(key))),
    deleteState: (key: unknown) => safely(() => state.deleteState(keyOf(key))),
    incrCounter: (key: unknown, amount: unknown) =>
      safely(() => state.incrCounter(keyOf(key), amount as number)),
    getCounter: (key: unknown) => safely(() => state.getCounter(keyOf(key))),
    registerType: (name: unknown, type: unknown) => {
      if (typeof type !== 'function') throw new TypeError('registerType: a class is wanted')
      safely(() => state.registerType(keyOf(name), type as StateClass))
    },
  }
  // The signal is frozen by its class; hardening the instance would stop it from being aborted.
  const { signal: _signal, ...parts } = context
  harden(parts)
  harden(more)
  Object.defineProperties(context, Object.getOwnPropertyDescriptors(more))
  return Object.freeze(context) as unknown as PluginContext & T
}

function keyOf(key: unknown): string {
  if (typeof key === 'string' && key.length <= 1000) return key
  throw new TypeError('a key is a text of at most 1000 characters')
}
