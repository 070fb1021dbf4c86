import { structuralKey } from '#src/operators/structural-key.ts'
import type { MemoryTopics } from './topics.ts'

type Row = Readonly<Record<string, unknown>>

/**
 * The newest row of each key that was written to a topic. Keys are compared structurally: `2` and `2n` are one. Holds so
 * many keys at most: the one that was written longest ago makes room.
 */
export class MemoryTable {
  readonly #key: string
  readonly #limit: number
  readonly #evicting: (limit: number) => void
  /** In the order in which they were written. */
  readonly #rows = new Map<unknown, Row>()
  #evicted = 0

  /** @param evicting called when the first row has to make room */
  constructor(key: string, limit: number, evicting: (limit: number) => void) {
    this.#key = key
    this.#limit = limit
    this.#evicting = evicting
  }

  get size(): number {
    return this.#rows.size
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
    this.#rows.delete(key)
    if (kind === 'delete') return
    this.#rows.set(key, row)
    if (this.#rows.size <= this.#limit) return
    const [oldest] = this.#rows.keys()
    this.#rows.delete(oldest)
    if (this.#evicted++ === 0) this.#evicting(this.#limit)
  }
}

/** Which table, and who uses it. */
export interface TableUse {
  readonly tenant: string
  readonly topic: string
  readonly key: string
  readonly rule: string
  /** Keys, at most. */
  readonly limit: number
  evicting(limit: number): void
}

interface Kept {
  readonly table: MemoryTable
  /** Rules that use it. */
  readonly rules: Set<string>
  readonly unsubscribe: () => void
}

/**
 * The lookup tables over memory topics of a cell. A table fills from the moment a rule first uses it, and stays for as
 * long as one of its rules is known here, so that a rule that starts again finds it as it was.
 */
export class MemoryTables {
  readonly #topics: MemoryTopics
  readonly #tables = new Map<string, Kept>()

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  table(use: TableUse): MemoryTable {
    const { tenant, topic, key, rule, limit } = use
    const name = nameOf(use)
    const known = this.#tables.get(name)
    known?.rules.add(rule)
    if (known !== undefined) return known.table
    const table = new MemoryTable(key, limit, (most) => use.evicting(most))
    const unsubscribe = this.#topics.subscribe(
      tenant,
      topic,
      (_topic, bytes, start, end, rowkindField) => {
        for (const row of rowsIn(bytes, start, end)) table.take(row, rowkindField)
      },
      () => {},
    )
    this.#tables.set(name, { table, rules: new Set([rule]), unsubscribe })
    return table
  }

  /** A rule is no more, or uses the table no more: with the last one its rows go. */
  forget(use: Omit<TableUse, 'evicting'>): void {
    const name = nameOf(use)
    const known = this.#tables.get(name)
    known?.rules.delete(use.rule)
    if (known === undefined || known.rules.size > 0) return
    known.unsubscribe()
    this.#tables.delete(name)
  }
}

function nameOf({ tenant, topic, key, limit }: Omit<TableUse, 'evicting'>): string {
  return JSON.stringify([tenant, topic, key, limit])
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
