import { ConfKeys } from './conf-keys.ts'
import { Database } from './database.ts'
import { Definitions } from './definitions.ts'
import { KeyedStates } from './keyed-states.ts'
import { PluginAudit } from './plugin-audit.ts'
import { PluginRecords } from './plugins.ts'
import { textAt } from './row.ts'
import { RulePlugins } from './rule-plugins.ts'
import { Rules } from './rules.ts'

/** The one tenant while none is configured. */
export const defaultTenant = 'default'

/** What should exist: the one owner of definitions, kept in the data folder. */
export class Catalog {
  readonly database: Database
  readonly definitions: Definitions
  readonly rules: Rules
  readonly plugins: PluginRecords
  readonly rulePlugins: RulePlugins
  readonly audit: PluginAudit
  readonly confKeys: ConfKeys
  readonly keyedStates: KeyedStates

  /** @throws HostError when the folder cannot be used */
  constructor(folder: string) {
    const database = new Database(folder)
    this.database = database
    this.definitions = new Definitions(database)
    this.rules = new Rules(database)
    this.plugins = new PluginRecords(database)
    this.rulePlugins = new RulePlugins(database)
    this.audit = new PluginAudit(database)
    this.confKeys = new ConfKeys(database)
    this.keyedStates = new KeyedStates(database)
    database.transaction(() => {
      // what is temporary ends with its process, however that ended
      database.run('DELETE FROM rules WHERE temp = 1')
      database.run('DELETE FROM definitions WHERE temp = 1')
      database.run('INSERT OR IGNORE INTO tenants VALUES (?, ?)', defaultTenant, Date.now())
    })
  }

  tenants(): string[] {
    return this.database.all('SELECT id FROM tenants ORDER BY id').map((row) => textAt(row, 'id'))
  }

  /** All of it or nothing. */
  transaction<T>(body: () => T): T {
    return this.database.transaction(body)
  }

  /** Resolves when all changes so far survive a power failure. */
  durable(): Promise<void> {
    return this.database.durable()
  }

  close(): void {
    this.database.close()
  }
}
