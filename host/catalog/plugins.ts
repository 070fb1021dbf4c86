import type { Database } from './database.ts'
import { jsonAt, type SqlRow, textAt, wordAt } from './row.ts'

export type PluginKind = 'source' | 'sink' | 'function'

/** What is installed: the extensions of one kind in one version of a package. */
export interface PluginRecord {
  readonly package: string
  /** `""`: it has none. */
  readonly version: string
  readonly kind: PluginKind
  /** As they stand in TYPE, in actions, in SQL. */
  readonly names: readonly string[]
  /** Its folder, relative to the data folder. */
  readonly path: string
  /** Of the zip that was installed. */
  readonly sha256: string
  readonly tier: 'sandboxed' | 'trusted'
  /** The powers that its manifest asks for, as the manifest writes them. */
  readonly asked: unknown
  /** The powers that it was granted. */
  readonly given: unknown
  /** What else the installer keeps: files, exports, addresses. */
  readonly details: unknown
}

export class PluginRecords {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  get(
    tenant: string,
    packageName: string,
    version: string,
    kind: PluginKind,
  ): PluginRecord | undefined {
    const row = this.#db.get(
      'SELECT * FROM plugins WHERE tenant = ? AND package = ? AND version = ? AND kind = ?',
      tenant,
      packageName,
      version,
      kind,
    )
    return row && read(row)
  }

  /** All records, or those of a kind. Versions are not in their order: that is for the resolver. */
  list(tenant: string, kind?: PluginKind | undefined): PluginRecord[] {
    const rows = this.#db.all(
      'SELECT * FROM plugins WHERE tenant = ? ORDER BY package, version, kind',
      tenant,
    )
    return rows.map(read).filter((record) => kind === undefined || record.kind === kind)
  }

  /** Records several at once, all or none: a package with sources and sinks. `gone` goes in the same step. */
  put(tenant: string, records: readonly PluginRecord[], gone: readonly PluginRecord[] = []): void {
    this.#db.transaction(() => {
      for (const { package: name, version, kind } of gone) {
        this.#db.run(
          'DELETE FROM plugins WHERE tenant = ? AND package = ? AND version = ? AND kind = ?',
          tenant,
          name,
          version,
          kind,
        )
      }
      for (const record of records) {
        this.#db.run(
          'INSERT OR REPLACE INTO plugins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
          tenant,
          record.package,
          record.version,
          record.kind,
          JSON.stringify(record.names),
          record.path,
          record.sha256,
          record.tier,
          JSON.stringify(record.asked ?? null),
          JSON.stringify(record.given ?? null),
          JSON.stringify(record.details ?? null),
          Date.now(),
        )
      }
    })
  }

  /** One version of a package; `version` missing: all of them. @returns how many records are gone */
  remove(tenant: string, packageName: string, version?: string | undefined): number {
    return version === undefined
      ? this.#db.run('DELETE FROM plugins WHERE tenant = ? AND package = ?', tenant, packageName)
      : this.#db.run(
          'DELETE FROM plugins WHERE tenant = ? AND package = ? AND version = ?',
          tenant,
          packageName,
          version,
        )
  }
}

function read(row: SqlRow): PluginRecord {
  const names = jsonAt(row, 'names')
  return {
    package: textAt(row, 'package'),
    version: textAt(row, 'version'),
    kind: wordAt(row, 'kind', ['source', 'sink', 'function']),
    names: Array.isArray(names) ? names.map(String) : [],
    path: textAt(row, 'path'),
    sha256: textAt(row, 'sha256'),
    tier: wordAt(row, 'tier', ['sandboxed', 'trusted']),
    asked: jsonAt(row, 'asked'),
    given: jsonAt(row, 'given'),
    details: jsonAt(row, 'details'),
  }
}
