import type { Logger } from '@plutino/sdk'
import type { RuleSpec } from '../cell.ts'
import { CellError } from '../cell.ts'
import type { ConnectorType } from '../connectors/connector.ts'
import type { LookupConnector, LookupRow } from '../connectors/lookup/lookup.ts'

export interface RuleLookupsOptions {
  readonly rule: RuleSpec
  readonly generation: string
  readonly types: ReadonlyMap<string, ConnectorType<LookupConnector>>
  readonly logger: Logger
}

/** The lookup tables of one rule, by their numbers in the plan. */
export class RuleLookups {
  readonly #options: RuleLookupsOptions
  readonly #tables = new Map<number, LookupConnector>()
  readonly #ended = new AbortController()

  constructor(options: RuleLookupsOptions) {
    this.#options = options
    const { rule, types } = options
    for (const [index, source] of rule.plan.sources.entries()) {
      const spec = rule.sources[index]
      if (source.kind !== 'lookup' || spec === undefined) continue
      const type = types.get(spec.type)
      if (type === undefined) {
        const text = `rule "${rule.rule}": no lookup type "${spec.type}" for table "${spec.stream}"`
        throw new CellError('unknown-connector', text)
      }
      const connector = type.create()
      const { datasource, props } = spec
      connector.configure({ datasource, props, key: source.lookup?.key })
      this.#tables.set(index, connector)
    }
  }

  async open(): Promise<void> {
    const { rule, generation, logger } = this.#options
    const { tenant, options } = rule
    const opened = [...this.#tables].map(([index, connector]) =>
      connector.open({
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

  /** @throws CellError for a source that is no lookup table */
  async lookup(
    source: number,
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly LookupRow[])[]> {
    const table = this.#tables.get(source)
    if (table !== undefined) return table.lookup(columns, keys)
    const { rule } = this.#options.rule
    throw new CellError('unknown-connector', `rule "${rule}": source ${source} is no lookup table`)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await Promise.all([...this.#tables.values()].map((table) => table.close()))
  }
}
