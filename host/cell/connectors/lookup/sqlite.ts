import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Properties } from '../properties.ts'
import type { LookupRequest } from './lookup.ts'
import type { LookupThread } from './lookup-thread.ts'
import type { SqliteTable } from './table-request.ts'
import { ThreadLookup } from './thread-lookup.ts'

/**
 * A table of an SQLite database, read only. DATASOURCE names the table and `path` (or `url`) the file; or DATASOURCE the
 * file and `table` the table.
 */
export class SqliteLookup extends ThreadLookup {
  readonly #base: string

  /** @param base where relative paths begin; empty: the working directory */
  constructor(thread: LookupThread, base = '') {
    super(thread)
    this.#base = base
  }

  protected override tableOf({ datasource, props, select }: LookupRequest): SqliteTable {
    const read = new Properties('lookup table "sqlite"', props)
    const named = read.text('table')
    const file = fileOf(read) ?? (named === undefined ? undefined : datasource)
    const table = named ?? datasource
    if (table === '') read.refuse('DATASOURCE', 'must name a table of the database')
    const path =
      file ||
      read.refuse('path', 'must name the database file; set it in the table’s configuration')
    return { kind: 'sqlite', path: resolve(this.#base, path), table, select }
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
