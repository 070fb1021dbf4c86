import { HostError } from '#host/errors.ts'
import type { Database } from './database.ts'
import { jsonAt, textAt } from './row.ts'

export type KeyedValue = string | number | boolean

/** Characters of a key, bytes of a value as JSON, keys of a tenant, at most. */
const longestKey = 512
const largestValue = 65_536
const mostKeys = 100_000

/** What a tenant has put under keys for `get_keyed_state`: read by rules, written by nobody but the API. */
export class KeyedStates {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  get(tenant: string, key: string): KeyedValue | undefined {
    const row = this.#db.get(
      'SELECT value FROM keyed_states WHERE tenant = ? AND key = ?',
      tenant,
      key,
    )
    return row && (jsonAt(row, 'value') as KeyedValue) // what `put` wrote
  }

  /** In the order of the keys; null where there is nothing. */
  many(tenant: string, keys: readonly string[]): readonly (KeyedValue | null)[] {
    return keys.map((key) => this.get(tenant, key) ?? null)
  }

  keys(tenant: string): string[] {
    return this.#db
      .all('SELECT key FROM keyed_states WHERE tenant = ? ORDER BY key', tenant)
      .map((row) => textAt(row, 'key'))
  }

  /** @throws HostError for what is too large, or too much */
  put(tenant: string, key: string, value: KeyedValue): void {
    const text = JSON.stringify(value)
    if (key === '' || key.length > longestKey) {
      throw new HostError('bad-name', `a key has 1 to ${longestKey} characters, not ${key.length}`)
    }
    if (Buffer.byteLength(text) > largestValue) {
      const what = `the value of key "${key}" is larger than ${largestValue} bytes`
      throw new HostError('bad-body', `${what}; keep it in a lookup table`)
    }
    if (this.get(tenant, key) === undefined && this.#count(tenant) >= mostKeys) {
      throw new HostError('not-allowed', `there are ${mostKeys} keys; delete some first`)
    }
    this.#db.run('INSERT OR REPLACE INTO keyed_states VALUES (?, ?, ?)', tenant, key, text)
  }

  /** @returns whether there was such a key */
  remove(tenant: string, key: string): boolean {
    const changed = this.#db.run(
      'DELETE FROM keyed_states WHERE tenant = ? AND key = ?',
      tenant,
      key,
    )
    return changed > 0
  }

  #count(tenant: string): number {
    const row = this.#db.get('SELECT count(*) AS n FROM keyed_states WHERE tenant = ?', tenant)
    return Number(row?.n ?? 0)
  }
}
