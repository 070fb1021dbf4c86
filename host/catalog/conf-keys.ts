import type {
  ConnectorKind,
  Props,
  Sections,
  StoredConfKeys,
} from '#host/config/connector-config.ts'
import { isMap } from '#host/config/yaml.ts'
import type { Database } from './database.ts'
import { jsonAt, textAt } from './row.ts'

/** Sections of connectors' configuration that were put over REST. */
export class ConfKeys implements StoredConfKeys {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  list(tenant: string, kind: ConnectorKind, type: string): Sections {
    const rows = this.#db.all(
      'SELECT key, props FROM conf_keys WHERE tenant = ? AND kind = ? AND type = ? ORDER BY key',
      tenant,
      kind,
      type,
    )
    return new Map(
      rows.map((row) => {
        const props = jsonAt(row, 'props')
        return [textAt(row, 'key'), isMap(props) ? props : {}]
      }),
    )
  }

  put(tenant: string, kind: ConnectorKind, type: string, key: string, props: Props): void {
    this.#db.run(
      'INSERT OR REPLACE INTO conf_keys VALUES (?, ?, ?, ?, ?)',
      tenant,
      kind,
      type,
      key,
      JSON.stringify(props),
    )
  }

  remove(tenant: string, kind: ConnectorKind, type: string, key: string): boolean {
    const changed = this.#db.run(
      'DELETE FROM conf_keys WHERE tenant = ? AND kind = ? AND type = ? AND key = ?',
      tenant,
      kind,
      type,
      key,
    )
    return changed > 0
  }
}
