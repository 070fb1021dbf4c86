import type { Database } from './database.ts'
import { numberAt, type SqlRow, textAt } from './row.ts'

export interface StoredRule {
  readonly id: string
  /** The JSON text of its definition, as it was given. */
  readonly definition: string
  /** It should run: started again with the server. */
  readonly triggered: boolean
  /** Gone with the process. */
  readonly temp: boolean
}

/** What a start of a rule is known by. */
export interface RuleStart {
  /** Greater at each start. */
  readonly epoch: number
  /** Another one when the rule is made anew or its state is reset. */
  readonly generation: string
}

export class Rules {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  get(tenant: string, id: string): StoredRule | undefined {
    const row = this.#db.get('SELECT * FROM rules WHERE tenant = ? AND id = ?', tenant, id)
    return row && read(row)
  }

  list(tenant: string): StoredRule[] {
    return this.#db.all('SELECT * FROM rules WHERE tenant = ? ORDER BY id', tenant).map(read)
  }

  /** A rule that exists keeps its epoch and generation; `start` is that of a new one. */
  put(tenant: string, rule: StoredRule, streams: readonly string[], start: RuleStart): void {
    this.#db.transaction(() => {
      this.#db.run(
        `INSERT INTO rules (tenant, id, definition, triggered, temp, epoch, generation, changed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET definition = excluded.definition, triggered = excluded.triggered,
           temp = excluded.temp, changed_at = excluded.changed_at`,
        tenant,
        rule.id,
        rule.definition,
        Number(rule.triggered),
        Number(rule.temp),
        start.epoch,
        start.generation,
        Date.now(),
      )
      this.#db.run('DELETE FROM rule_streams WHERE tenant = ? AND rule = ?', tenant, rule.id)
      for (const stream of new Set(streams)) {
        this.#db.run('INSERT INTO rule_streams VALUES (?, ?, ?)', tenant, rule.id, stream)
      }
    })
  }

  /** The streams and tables that it reads. */
  streams(tenant: string, id: string): string[] {
    return this.#db
      .all('SELECT stream FROM rule_streams WHERE tenant = ? AND rule = ?', tenant, id)
      .map((row) => textAt(row, 'stream'))
  }

  setTriggered(tenant: string, id: string, triggered: boolean): void {
    this.#db.run(
      'UPDATE rules SET triggered = ? WHERE tenant = ? AND id = ?',
      Number(triggered),
      tenant,
      id,
    )
  }

  setDefinition(tenant: string, id: string, definition: string): void {
    this.#db.run(
      'UPDATE rules SET definition = ? WHERE tenant = ? AND id = ?',
      definition,
      tenant,
      id,
    )
  }

  /** Its checkpoints go with it. */
  remove(tenant: string, id: string): boolean {
    return this.#db.run('DELETE FROM rules WHERE tenant = ? AND id = ?', tenant, id) > 0
  }

  /** For the start that is about to be made: an epoch greater than all before it, and than all that have committed. */
  nextStart(tenant: string, id: string): RuleStart {
    const row = this.#db.get(
      `UPDATE rules SET epoch = 1 + max(epoch, coalesce(
         (SELECT max(c.epoch) FROM checkpoints c WHERE c.tenant = rules.tenant AND c.rule = rules.id), 0))
       WHERE tenant = ? AND id = ? RETURNING epoch, generation`,
      tenant,
      id,
    )
    if (row === undefined) throw new TypeError(`rule ${id} is not in the catalog`)
    return { epoch: numberAt(row, 'epoch'), generation: textAt(row, 'generation') }
  }

  setGeneration(tenant: string, id: string, generation: string): void {
    this.#db.run(
      'UPDATE rules SET generation = ? WHERE tenant = ? AND id = ?',
      generation,
      tenant,
      id,
    )
  }
}

function read(row: SqlRow): StoredRule {
  return {
    id: textAt(row, 'id'),
    definition: textAt(row, 'definition'),
    triggered: numberAt(row, 'triggered') === 1,
    temp: numberAt(row, 'temp') === 1,
  }
}
