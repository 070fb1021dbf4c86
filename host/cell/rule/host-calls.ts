import {
  type Emission,
  type PluginFailure,
  type PluginLimit,
  pluginLimits,
} from '#src/worker/protocol.ts'
import type { LogLine } from '../cell.ts'
import { OffenceError, type Serve } from '../workers/guarded-endpoint.ts'
import { countOf, readEmissions, recordOf, timeOf } from '../workers/results.ts'
import { textOf } from '../workers/worker-fault.ts'

/** What a rule does with what its worker asks of the host, arguments checked. */
export interface RuleCalls {
  readonly actions: number
  /** By number: whether it is a plugin's, and so this worker's own. */
  readonly sources: readonly boolean[]
  write(source: number, chunk: ArrayBuffer, count: number): Promise<void>
  /** @param wakeAt as in `HostCalls` */
  emit(emissions: readonly Emission[], wakeAt: number | null): void
  delivered(action: number, sequence: number, dropped?: string): void
  failed(failure: PluginFailure): void
  ended(source: number): void
  lookup(
    source: number,
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<unknown>
  keyedState(keys: readonly string[]): Promise<readonly unknown[]>
  log(level: LogLine['level'], plugin: string, text: string): void
  beat?(): void
  breached?(plugin: string, limit: PluginLimit, count: number): void
}

const levels = ['debug', 'info', 'warn', 'error'] as const
const places = ['load', 'configure', 'validate', 'open', 'collect', 'close', 'stray'] as const
const MAX_LOG = 2000
const MAX_REASON = 300
const LINES_PER_SECOND = 200
const MAX_PLUGINS = 32

/** The fixed table of the guarded endpoint. The first argument of each is the flow, of which a worker has one. */
export function hostCalls(rule: RuleCalls): ReadonlyMap<string, Serve> {
  const budgets = new Map<string, () => boolean>()
  /** Each plugin has lines of its own; a worker that invents names has no more than so many plugins. */
  const mayLog = (plugin: string) => {
    const name = budgets.has(plugin) || budgets.size < MAX_PLUGINS ? plugin : ''
    const mayWrite = budgets.get(name) ?? lineBudget()
    budgets.set(name, mayWrite)
    return mayWrite()
  }
  return new Map<string, Serve>([
    [
      'write',
      ([, source, chunk, count]) => {
        if (!(chunk instanceof ArrayBuffer)) throw new OffenceError('chunk is no buffer')
        const number = countOf(count, 'count')
        return asOffence(() => rule.write(ownSourceOf(source, rule.sources), chunk, number))
      },
    ],
    [
      'emit',
      ([, emissions, wakeAt]) => rule.emit(readEmissions(emissions, rule.actions), timeOf(wakeAt)),
    ],
    [
      'delivered',
      ([, action, sequence, dropped]) => {
        const number = countOf(action, 'action')
        if (number >= rule.actions) throw new OffenceError(`there is no action ${number}`)
        rule.delivered(number, countOf(sequence, 'sequence'), textOf(dropped, MAX_REASON))
      },
    ],
    ['failed', ([, failure]) => rule.failed(readFailure(failure))],
    ['ended', ([, source]) => rule.ended(ownSourceOf(source, rule.sources))],
    [
      'lookup',
      ([, source, columns, keys]) =>
        rule.lookup(sourceOf(source, rule.sources.length), readColumns(columns), readKeys(keys)),
    ],
    ['keyedState', ([, keys]) => rule.keyedState(readNames(keys))],
    ['beat', () => rule.beat?.()],
    [
      'breached',
      ([, plugin, limit, count]) => {
        const known = pluginLimits.find((name) => name === limit)
        if (known === undefined) throw new OffenceError('no limit')
        rule.breached?.(textOf(plugin, 200) ?? '', known, countOf(count, 'count'))
      },
    ],
    [
      'log',
      ([, level, plugin, text]) => {
        const known = levels.find((name) => name === level)
        const line = textOf(text, MAX_LOG)
        if (known === undefined || line === undefined) throw new OffenceError('no line of a log')
        const name = textOf(plugin, 200) ?? ''
        if (mayLog(name)) rule.log(known, name, line)
      },
    ],
  ])
}

function sourceOf(value: unknown, sources: number): number {
  const source = countOf(value, 'source')
  if (source >= sources) throw new OffenceError(`there is no source ${source}`)
  return source
}

/** Only what its plugins bring is a worker's to write or to end: other sources may be shared with other rules. */
function ownSourceOf(value: unknown, sources: readonly boolean[]): number {
  const source = sourceOf(value, sources.length)
  if (sources[source] !== true) throw new OffenceError(`source ${source} is not its own`)
  return source
}

function readColumns(columns: unknown): readonly string[] {
  const isName = (name: unknown) => typeof name === 'string' && name.length <= 1000
  if (Array.isArray(columns) && columns.length <= 32 && columns.every(isName)) return columns
  throw new OffenceError('columns are no names')
}

function readKeys(keys: unknown): readonly (readonly unknown[])[] {
  const isKey = (key: unknown) => Array.isArray(key) && key.length <= 32
  if (Array.isArray(keys) && keys.length <= 1024 && keys.every(isKey)) return keys
  throw new OffenceError('keys are no lists of values')
}

/** Longer keys than any that can be put are asked for like others: there is nothing under them. */
function readNames(keys: unknown): readonly string[] {
  const isName = (name: unknown) => typeof name === 'string'
  if (Array.isArray(keys) && keys.length <= 256 && keys.every(isName)) return keys
  throw new OffenceError('keys are no texts')
}

function asOffence<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new OffenceError(error instanceof Error ? error.message : 'refused', { cause: error })
  }
}

function readFailure(value: unknown): PluginFailure {
  const { plugin, where, message, code } = recordOf(value, 'failure')
  return {
    plugin: textOf(plugin, 200) ?? '',
    where: places.find((place) => place === where) ?? 'collect',
    message: textOf(message, 300) ?? '',
    code: textOf(code, 60),
  }
}

/** A bucket of lines: what is beyond it is left out. */
function lineBudget(): () => boolean {
  let [tokens, at] = [LINES_PER_SECOND, performance.now()]
  return () => {
    const now = performance.now()
    tokens = Math.min(LINES_PER_SECOND, tokens + ((now - at) * LINES_PER_SECOND) / 1000)
    at = now
    if (tokens < 1) return false
    tokens--
    return true
  }
}
