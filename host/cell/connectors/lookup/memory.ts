import { structuralKey } from '#src/operators/structural-key.ts'
import type { ConnectorContext } from '../connector.ts'
import type { MemoryTable, MemoryTables } from '../memory/tables.ts'
import { Properties } from '../properties.ts'
import type { LookupConnector, LookupRequest, LookupRow } from './lookup.ts'

/** The rows that memory sinks of the tenant have written to a topic, the newest of each key. */
export class MemoryLookup implements LookupConnector {
  readonly #tables: MemoryTables
  #topic = ''
  #key = ''
  #limit = 0
  #table: MemoryTable | undefined

  constructor(tables: MemoryTables) {
    this.#tables = tables
  }

  configure({ datasource, props, key }: LookupRequest): void {
    const read = new Properties('lookup table "memory"', props)
    if (datasource === '') read.refuse('DATASOURCE', 'must name a topic')
    this.#topic = datasource
    this.#key = key ?? read.refuse('KEY', 'must name a column')
    this.#limit = read.integer('limit', 100_000, 1)
  }

  async open(context: ConnectorContext): Promise<void> {
    const { name, logger } = context
    this.#table = this.#tables.table({
      ...this.#use(context),
      evicting: (limit) =>
        logger.warn(
          `lookup table "${name}" is full: of more than ${limit} keys the one written longest ago is dropped; its property "limit" sets how many it holds`,
        ),
    })
    context.connection('connected')
  }

  lookup(
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): readonly (readonly LookupRow[])[] {
    const at = columns.indexOf(this.#key)
    return keys.map((values) => {
      const row = this.#table?.find(values[at])
      const matches = columns.every(
        (column, i) => structuralKey(row?.[column]) === structuralKey(values[i]),
      )
      return row !== undefined && matches ? [row] : []
    })
  }

  async close(): Promise<void> {}

  forget(context: Pick<ConnectorContext, 'tenant' | 'ruleId'>): void {
    this.#tables.forget(this.#use(context))
  }

  #use({ tenant, ruleId }: Pick<ConnectorContext, 'tenant' | 'ruleId'>) {
    return { tenant, topic: this.#topic, key: this.#key, limit: this.#limit, rule: ruleId }
  }
}
