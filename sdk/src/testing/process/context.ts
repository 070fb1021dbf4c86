import type { Logger, PluginContext, State } from '../../context.ts'
import type { LogLine } from '../bench.ts'
import type { VirtualTime } from '../virtual-time.ts'
import type { ProcessPowers } from './powers.ts'

export interface ContextParts {
  readonly operatorId: string
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly state: State
  readonly time: VirtualTime
  readonly powers: ProcessPowers
}

/** What an extension is given in a test, with what one kind has beside the common. */
export function makeContext<T extends object>(parts: ContextParts, more: T): PluginContext & T {
  const { state, logger, time, powers, operatorId, signal } = parts
  const context: PluginContext = {
    ruleId: 'test',
    operatorId,
    instanceId: 0,
    signal,
    logger,
    getLogger: () => logger,
    clock: { now: () => time.now },
    putState: (key, value) => state.putState(key, value),
    getState: (key) => state.getState(key),
    deleteState: (key) => state.deleteState(key),
    incrCounter: (key, amount) => state.incrCounter(key, amount),
    getCounter: (key) => state.getCounter(key),
    registerType: (name, type) => state.registerType(name, type),
    ...powers,
  }
  // not by spreading: `rowId` is a getter
  return Object.defineProperties(context, Object.getOwnPropertyDescriptors(more)) as PluginContext &
    T
}

/** A logger, and the plugin's `console`: texts as they are, everything else as JSON, behind one another. */
export function makeLogger(write: (line: LogLine) => void): { logger: Logger; console: object } {
  const at =
    (level: LogLine['level']) =>
    (...parts: unknown[]) =>
      write({ level, text: parts.map(textOf).join(' ') })
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { logger, console: { ...console, ...logger, log: logger.info, trace: logger.debug } }
}

function textOf(part: unknown): string {
  if (typeof part === 'string') return part
  if (part instanceof Error) return `${part.name}: ${part.message}`
  const json = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)
  return typeof part === 'object' ? JSON.stringify(part, json) : String(part)
}
