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
  #table: MemoryTable | undefined

  constructor(tables: MemoryTables) {
    this.#tables = tables
  }

  configure({ datasource, props, key }: LookupRequest): void {
    const read = new Properties('lookup table "memory"', props)
    if (datasource === '') read.refuse('DATASOURCE', 'must name a topic')
    this.#topic = datasource
    this.#key = key ?? read.refuse('KEY', 'must name a column')
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#table = this.#tables.table(context.tenant, this.#topic, this.#key)
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
}
