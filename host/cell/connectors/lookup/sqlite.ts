import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConnectorContext } from '../connector.ts'
import { Properties } from '../properties.ts'
import type { LookupConnector, LookupRequest, LookupRow } from './lookup.ts'
import type { LookupThread } from './lookup-thread.ts'
import type { SqliteTable } from './table-request.ts'

/**
 * A table of an SQLite database, read only. DATASOURCE names the table and `path` (or `url`) the file; or DATASOURCE the
 * file and `table` the table.
 */
export class SqliteLookup implements LookupConnector {
  readonly #thread: LookupThread
  readonly #base: string
  #table: SqliteTable | undefined
  #isOpen = false

  /** @param base where relative paths begin; empty: the working directory */
  constructor(thread: LookupThread, base = '') {
    this.#thread = thread
    this.#base = base
  }

  configure({ datasource, props, select }: LookupRequest): void {
    const read = new Properties('lookup table "sqlite"', props)
    const named = read.text('table')
    const file = fileOf(read) ?? (named === undefined ? undefined : datasource)
    const table = named ?? datasource
    if (table === '') read.refuse('DATASOURCE', 'must name a table of the database')
    const path =
      file ||
      read.refuse('path', 'must name the database file; set it in the table’s configuration')
    this.#table = { kind: 'sqlite', path: resolve(this.#base, path), table, select }
  }

  async open(_context: ConnectorContext): Promise<void> {
    this.#thread.acquire()
    this.#isOpen = true
  }

  lookup(
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly LookupRow[])[]> {
    return this.#thread.ask({ table: this.#table as SqliteTable, columns, keys })
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#thread.release()
  }
}

function fileOf(read: Properties): string | undefined {
  const path = read.text('path')
  if (path !== undefined) return path
  const url = read.text('url') ?? read.text('dburl')
  if (url === undefined) return undefined
  if (url.startsWith('file:///')) return fileURLToPath(url)
  const [, rest] = /^(?:sqlite3?|file):(?:\/\/)?(.+)$/.exec(url) ?? []
  return rest === undefined
    ? read.refuse('url', `must begin with sqlite: or file:, not "${url}"`)
    : rest
}
