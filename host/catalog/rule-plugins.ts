import type { PluginUse } from '#src/plan/plan.ts'
import type { Database } from './database.ts'
import { jsonAt, textAt } from './row.ts'

/** The versions of plugins that a rule was last started with: it starts with the same until an operator changes that. */
export class RulePlugins {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  get(tenant: string, rule: string): readonly PluginUse[] {
    const row = this.#db.get(
      'SELECT uses FROM rule_plugins WHERE tenant = ? AND rule = ?',
      tenant,
      rule,
    )
    return row === undefined ? [] : readUses(jsonAt(row, 'uses'))
  }

  /** Of the rules that are meant to run. */
  wanted(tenant: string): { readonly rule: string; readonly uses: readonly PluginUse[] }[] {
    const rows = this.#db.all(
      `SELECT p.rule, p.uses FROM rule_plugins p JOIN rules r ON r.tenant = p.tenant AND r.id = p.rule
       WHERE p.tenant = ? AND r.triggered = 1 ORDER BY p.rule`,
      tenant,
    )
    return rows.map((row) => ({ rule: textAt(row, 'rule'), uses: readUses(jsonAt(row, 'uses')) }))
  }

  /** Nothing is kept of a rule that is not in the catalog. */
  put(tenant: string, rule: string, uses: readonly PluginUse[]): void {
    if (uses.length === 0) {
      this.#db.run('DELETE FROM rule_plugins WHERE tenant = ? AND rule = ?', tenant, rule)
      return
    }
    this.#db.run(
      `INSERT OR REPLACE INTO rule_plugins SELECT tenant, id, ? FROM rules WHERE tenant = ? AND id = ?`,
      JSON.stringify(uses),
      tenant,
      rule,
    )
  }
}

function readUses(value: unknown): readonly PluginUse[] {
  return Array.isArray(value) ? (value as PluginUse[]) : []
}
