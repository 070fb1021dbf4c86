import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, NotConnected, Retryable } from '@plutino/sdk'
import { durationMs } from '#src/plan/duration.ts'
import type { RuleSpec } from '../cell.ts'
import { CellError } from '../cell.ts'
import type { ConnectorContext, ConnectorType } from '../connectors/connector.ts'
import type { LookupConnector, LookupRow } from '../connectors/lookup/lookup.ts'
import { within } from './deadline.ts'

type LookupTypes = ReadonlyMap<string, ConnectorType<LookupConnector>>

export interface RuleLookupsOptions {
  readonly rule: RuleSpec
  readonly generation: string
  readonly types: LookupTypes
  readonly logger: Logger
}

/** `openTimeout` of the table, where it says none. */
const OPEN_MS = 10_000
const FIRST_REOPEN_MS = 1000
const LAST_REOPEN_MS = 30_000

/** A table that is not there is asked again after so long, ms; then the rows that asked fail. */
const PAUSES_MS = [100, 200, 400, 800, 1600] as const

/**
 * The lookup tables of one rule, by their numbers in the plan; those of plugins live in its worker. A table that is down
 * is an error of the rows that need it, never of the rule.
 */
export class RuleLookups {
  readonly #options: RuleLookupsOptions
  readonly #tables: ReadonlyMap<number, LookupConnector>
  readonly #ended = new AbortController()
  /** By source: why it is not open. */
  readonly #late = new Map<number, string>()

  constructor(options: RuleLookupsOptions) {
    this.#options = options
    this.#tables = configured(options.rule, options.types)
  }

  async open(): Promise<void> {
    const { rule, generation, logger } = this.#options
    const { tenant, options } = rule
    const opened = [...this.#tables].map(([index, connector]) =>
      this.#open(index, connector, {
        tenant,
        ruleId: rule.rule,
        name: rule.sources[index]?.stream ?? '',
        generation,
        signal: this.#ended.signal,
        logger,
        clock: { now: () => Date.now() },
        qos: options.qos,
        connection: () => {},
      }),
    )
    await Promise.all(opened)
  }

  /** Tables that do not come to an end with opening; they are tried again. '' when there are none. */
  get trouble(): string {
    return [...this.#late.values()].join('; ')
  }

  async #open(
    index: number,
    connector: LookupConnector,
    context: ConnectorContext,
    waitMs = FIRST_REOPEN_MS,
  ): Promise<void> {
    const { logger, rule } = this.#options
    const opening = connector.open(context)
    const what = `opening lookup table "${context.name}"`
    try {
      const ms = durationMs(rule.sources[index]?.props.openTimeout) ?? OPEN_MS
      await within(opening, ms, what)
      this.#late.delete(index)
    } catch (error) {
      if (!(error instanceof CellError) || error.code !== 'deadline') throw error
      const text = `lookup table "${context.name}" does not open: ${error.message}; it is tried again`
      this.#late.set(index, text)
      logger.warn(text)
      const again = setTimeout(() => {
        if (context.signal.aborted) return
        const next = Math.min(waitMs * 2, LAST_REOPEN_MS)
        this.#open(index, connector, context, next).catch((failure: Error) =>
          this.#late.set(index, `${what}: ${failure.message}`),
        )
      }, waitMs)
      context.signal.addEventListener('abort', () => clearTimeout(again), { once: true })
      const opened = () => {
        clearTimeout(again)
        this.#late.delete(index)
      }
      opening.then(opened, () => {})
    }
  }

  /** @throws CellError for a source that is no lookup table */
  async lookup(
    source: number,
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly LookupRow[])[]> {
    const table = this.#tables.get(source)
    if (table === undefined) {
      const { rule } = this.#options.rule
      const text = `rule "${rule}": source ${source} is no lookup table`
      throw new CellError('unknown-connector', text)
    }
    for (const pause of PAUSES_MS) {
      try {
        const late = this.#late.get(source)
        if (late !== undefined) throw new NotConnected(late)
        return await table.lookup(columns, keys)
      } catch (error) {
        const mayBeLater = error instanceof NotConnected || error instanceof Retryable
        if (!mayBeLater || this.#ended.signal.aborted) throw error
        await sleep(pause, undefined, { signal: this.#ended.signal, ref: false })
      }
    }
    return table.lookup(columns, keys)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await Promise.all([...this.#tables.values()].map((table) => table.close()))
  }
}

/**
 * The rule is no more: what its lookup tables keep for it ends.
 *
 * @param now what the rule is instead: what both use is kept
 */
export function forgetLookups(rule: RuleSpec, types: LookupTypes, now?: RuleSpec): void {
  const { tenant, rule: ruleId } = rule
  const kept = new Set(now?.sources.map((_, index) => useOf(now, index)))
  for (const [index, table] of configured(rule, types)) {
    if (!kept.has(useOf(rule, index))) table.forget?.({ tenant, ruleId })
  }
}

function useOf({ plan, sources }: RuleSpec, index: number): string {
  const { type, datasource, props } = sources[index] ?? {}
  const { kind, lookup } = plan.sources[index] ?? {}
  return JSON.stringify([kind, type, datasource, lookup?.key, props])
}

function configured(rule: RuleSpec, types: LookupTypes): ReadonlyMap<number, LookupConnector> {
  const tables = new Map<number, LookupConnector>()
  for (const [index, source] of rule.plan.sources.entries()) {
    const spec = rule.sources[index]
    if (source.kind !== 'lookup' || source.plugin !== undefined || spec === undefined) continue
    const type = types.get(spec.type)
    if (type === undefined) {
      const text = `rule "${rule.rule}": no lookup type "${spec.type}" for table "${spec.stream}"`
      throw new CellError('unknown-connector', text)
    }
    const connector = type.create()
    const { datasource, props } = spec
    const { columns: select, lookup } = source
    connector.configure({ datasource, props, key: lookup?.key, select })
    tables.set(index, connector)
  }
  return tables
}
