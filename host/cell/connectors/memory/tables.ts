import { structuralKey } from '#src/operators/structural-key.ts'
import type { MemoryTopics } from './topics.ts'

type Row = Readonly<Record<string, unknown>>

/** The newest row of each key that was written to a topic. Keys are compared structurally: `2` and `2n` are one. */
export class MemoryTable {
  readonly #key: string
  readonly #rows = new Map<unknown, Row>()

  constructor(key: string) {
    this.#key = key
  }

  find(key: unknown): Row | undefined {
    return this.#rows.get(structuralKey(key))
  }

  /** @param rowkindField where the row says `insert`, `update`, `upsert` or `delete`; `upsert` when it says nothing */
  take(row: Row, rowkindField: string | undefined): void {
    const value = Object.hasOwn(row, this.#key) ? row[this.#key] : undefined
    if (value === undefined || value === null) return
    const key = structuralKey(value)
    const kind = rowkindField === undefined ? undefined : row[rowkindField]
    if (kind === 'delete') this.#rows.delete(key)
    else this.#rows.set(key, row)
  }
}

/**
 * The lookup tables over memory topics of a cell. A table fills from the moment a rule first uses it, and stays for the
 * life of the cell, so that a rule that starts again finds it as it was.
 */
export class MemoryTables {
  readonly #topics: MemoryTopics
  readonly #tables = new Map<string, MemoryTable>()

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  table(tenant: string, topic: string, key: string): MemoryTable {
    const name = JSON.stringify([tenant, topic, key])
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    const table = new MemoryTable(key)
    this.#tables.set(name, table)
    this.#topics.subscribe(
      tenant,
      topic,
      (_topic, bytes, start, end, rowkindField) => {
        for (const row of rowsIn(bytes, start, end)) table.take(row, rowkindField)
      },
      () => {},
    )
    return table
  }
}

/** What is no JSON has no rows. */
function rowsIn(bytes: Uint8Array, start: number, end: number): readonly Row[] {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString())
  } catch {
    return []
  }
  return (Array.isArray(value) ? value : [value]).filter(isRow)
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
