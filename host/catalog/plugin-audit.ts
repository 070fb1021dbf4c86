import type { Database } from './database.ts'
import { numberAt, type SqlRow, textAt } from './row.ts'

/** What happened to a package, or what it tried and was refused. */
export interface AuditEntry {
  readonly package: string
  readonly version: string
  /** `install`, `upgrade`, `grant`, `revoke`, `remove`, `refused` … */
  readonly what: string
  /** Of what a plugin tried: the rule that it tried it in. */
  readonly rule: string
  /** The power and its target, the grants, the rules that were moved. */
  readonly detail: string
  /** `done`, `refused`, or why it failed. */
  readonly result: string
  /** How often the same has happened between the first time and the last. */
  readonly count: number
  /** ms since the epoch */
  readonly firstAt: number
  readonly lastAt: number
}

export type AuditNote = Omit<AuditEntry, 'count' | 'firstAt' | 'lastAt'> & {
  readonly count?: number | undefined
  readonly at?: number | undefined
}

/** Entries of a package, at most, of what operators did and of what plugins tried each. */
const MAX_ENTRIES = 500

/** The audit trail of plugins: bounded, the oldest entries go first. */
export class PluginAudit {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  add(tenant: string, note: AuditNote): void {
    const { at = Date.now(), count = 1 } = note
    const isTried = note.what === 'refused'
    this.#db.transaction(() => {
      if (isTried && this.#again(tenant, note, count, at)) return
      this.#db.run(
        'INSERT INTO plugin_audit VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        tenant,
        note.package,
        note.version,
        note.what,
        note.rule,
        note.detail.slice(0, 2000),
        note.result.slice(0, 2000),
        count,
        at,
        at,
      )
      this.#trim(tenant, note.package, isTried)
    })
  }

  /** The latest first; those of all packages without a name. */
  list(tenant: string, packageName?: string | undefined, limit = 200): AuditEntry[] {
    const rows =
      packageName === undefined
        ? this.#db.all(
            'SELECT * FROM plugin_audit WHERE tenant = ? ORDER BY last_at DESC, number DESC LIMIT ?',
            tenant,
            limit,
          )
        : this.#db.all(
            'SELECT * FROM plugin_audit WHERE tenant = ? AND package = ? ORDER BY last_at DESC, number DESC LIMIT ?',
            tenant,
            packageName,
            limit,
          )
    return rows.map(read)
  }

  /** How often plugins of a package were refused something. */
  refusals(tenant: string, packageName: string): number {
    const row = this.#db.get(
      `SELECT coalesce(sum(count), 0) AS total FROM plugin_audit WHERE tenant = ? AND package = ? AND what = 'refused'`,
      tenant,
      packageName,
    )
    return row === undefined ? 0 : numberAt(row, 'total')
  }

  #again(tenant: string, note: AuditNote, count: number, at: number): boolean {
    const { package: name, version, rule, detail } = note
    const changed = this.#db.run(
      `UPDATE plugin_audit SET count = count + ?, last_at = ?
       WHERE tenant = ? AND package = ? AND version = ? AND what = 'refused' AND rule = ? AND detail = ?`,
      count,
      at,
      tenant,
      name,
      version,
      rule,
      detail,
    )
    return changed > 0
  }

  #trim(tenant: string, name: string, isTried: boolean): void {
    const which = isTried ? '=' : '<>'
    this.#db.run(
      `DELETE FROM plugin_audit WHERE number IN (SELECT number FROM plugin_audit
       WHERE tenant = ? AND package = ? AND what ${which} 'refused'
       ORDER BY last_at DESC, number DESC LIMIT -1 OFFSET ${MAX_ENTRIES})`,
      tenant,
      name,
    )
  }
}

function read(row: SqlRow): AuditEntry {
  return {
    package: textAt(row, 'package'),
    version: textAt(row, 'version'),
    what: textAt(row, 'what'),
    rule: textAt(row, 'rule'),
    detail: textAt(row, 'detail'),
    result: textAt(row, 'result'),
    count: numberAt(row, 'count'),
    firstAt: numberAt(row, 'first_at'),
    lastAt: numberAt(row, 'last_at'),
  }
}
