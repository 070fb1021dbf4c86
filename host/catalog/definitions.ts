import type { Database } from './database.ts'
import { numberAt, type SqlRow, textAt, wordAt } from './row.ts'

export type DefinitionKind = 'stream' | 'table'

/** A stream or table as it was written. */
export interface StoredDefinition {
  readonly name: string
  readonly kind: DefinitionKind
  readonly sql: string
  /** Gone with the process. */
  readonly temp: boolean
}

/** Streams and tables; they share their names. */
export class Definitions {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  get(tenant: string, name: string): StoredDefinition | undefined {
    const row = this.#db.get(
      'SELECT * FROM definitions WHERE tenant = ? AND name = ?',
      tenant,
      name,
    )
    return row && read(row)
  }

  list(tenant: string, kind?: DefinitionKind | undefined): StoredDefinition[] {
    const rows = this.#db.all('SELECT * FROM definitions WHERE tenant = ? ORDER BY name', tenant)
    return rows.map(read).filter((definition) => kind === undefined || definition.kind === kind)
  }

  put(tenant: string, { name, kind, sql, temp }: StoredDefinition): void {
    this.#db.run(
      `INSERT INTO definitions (tenant, name, kind, sql, temp, changed_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET kind = excluded.kind, sql = excluded.sql, temp = excluded.temp,
         changed_at = excluded.changed_at`,
      tenant,
      name,
      kind,
      sql,
      Number(temp),
      Date.now(),
    )
  }

  remove(tenant: string, name: string): boolean {
    return this.#db.run('DELETE FROM definitions WHERE tenant = ? AND name = ?', tenant, name) > 0
  }

  /** The rules that read it, running or not. */
  users(tenant: string, name: string): string[] {
    const rows = this.#db.all(
      'SELECT rule FROM rule_streams WHERE tenant = ? AND stream = ? ORDER BY rule',
      tenant,
      name,
    )
    return rows.map((row) => textAt(row, 'rule'))
  }
}

function read(row: SqlRow): StoredDefinition {
  return {
    name: textAt(row, 'name'),
    kind: wordAt(row, 'kind', ['stream', 'table']),
    sql: textAt(row, 'sql'),
    temp: numberAt(row, 'temp') === 1,
  }
}
