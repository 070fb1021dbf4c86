import { statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { TableError, type TableRequest, type TableRows } from './table-request.ts'

type SqliteRequest = TableRequest & { readonly table: { readonly kind: 'sqlite' } }
type Row = Record<string, unknown>

/** Rows of one answer, at most. */
const MOST_ROWS = 100_000
/** Keys of one statement: each of these is prepared once, and filled up with nulls, which equal nothing. */
const SIZES = [1, 8, 64, 512] as const
/** Databases that are kept open, and statements of each. */
const MOST_DATABASES = 16
const MOST_STATEMENTS = 64
const BUSY_MS = 1000
/** Result codes of SQLite. */
const codes = { busy: 5, locked: 6, cannotOpen: 14 } as const

interface Opened {
  readonly database: DatabaseSync
  /** Which file it is: one that another has taken the place of is opened anew. */
  readonly file: string
  readonly statements: Map<string, StatementSync>
}

/** Reads tables of SQLite databases. Synchronous: lives in the lookup thread. */
export class SqliteTables {
  /** In the order of their last use. */
  readonly #opened = new Map<string, Opened>()

  /** @throws TableError */
  find(request: SqliteRequest): TableRows {
    const { path, table } = request.table
    try {
      const opened = this.#open(path)
      const found: Row[][] = request.keys.map(() => [])
      let rows = 0
      for (let first = 0; first < request.keys.length; ) {
        const size = SIZES.find((size) => size >= request.keys.length - first) ?? 512
        const keys = request.keys.slice(first, first + size)
        const statement = statementOf(opened, request, size)
        const values = Array.from({ length: size }, (_, i): readonly SQLInputValue[] => {
          return [i, ...request.columns.map((_column, at) => bound(keys[i]?.[at]))]
        })
        for (const row of statement.iterate(...values.flat()) as Iterable<Row>) {
          if (++rows > MOST_ROWS) throw new Error(`more than ${MOST_ROWS} rows for one question`)
          const { $i, ...own } = row
          found[first + Number($i)]?.push(narrowed(own))
        }
        first += size
      }
      return found
    } catch (error) {
      this.#forget(path)
      throw troubleOf(error, path, table)
    }
  }

  #open(path: string): Opened {
    const { dev, ino } = statSync(path)
    const file = `${dev}:${ino}`
    const known = this.#opened.get(path)
    if (known?.file === file) {
      this.#opened.delete(path)
      this.#opened.set(path, known)
      return known
    }
    this.#forget(path)
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS })
    const opened: Opened = { database, file, statements: new Map() }
    this.#opened.set(path, opened)
    const [oldest = path] = this.#opened.keys()
    if (this.#opened.size > MOST_DATABASES) this.#forget(oldest)
    return opened
  }

  #forget(path: string): void {
    this.#opened.get(path)?.database.close()
    this.#opened.delete(path)
  }
}

function statementOf(opened: Opened, { table, columns }: SqliteRequest, size: number) {
  const name = JSON.stringify([table.table, table.select, columns, size])
  const known = opened.statements.get(name)
  if (known !== undefined) return known
  if (opened.statements.size >= MOST_STATEMENTS) opened.statements.clear()
  const statement = opened.database.prepare(textOf(opened.database, table, columns, size))
  statement.setReadBigInts(true)
  opened.statements.set(name, statement)
  return statement
}

/** The keys as a table of values, joined: the database decides how it finds them. */
function textOf(
  database: DatabaseSync,
  { table, select }: SqliteRequest['table'],
  columns: readonly string[],
  size: number,
): string {
  const known = database.prepare(`PRAGMA table_info(${quoted(table)})`).all()
  const names = known.map(({ name }) => String(name))
  if (names.length === 0) throw new Error('there is no such table')
  const missing = columns.find((column) => actual(names, column) === undefined)
  if (missing !== undefined) throw new Error(`it has no column "${missing}", it has ${names}`)
  const wanted = (select ?? names).flatMap((name) => {
    const own = actual(names, name)
    return own === undefined ? [] : [`t.${quoted(own)} AS ${quoted(name)}`]
  })
  const keys = columns.map((_, i) => `k${i}`)
  const values = `(?${', ?'.repeat(keys.length)})`
  const equal = columns.map((column, i) => `t.${quoted(actual(names, column) ?? '')} = q.k${i}`)
  return [
    `WITH q("$i", ${keys.join(', ')}) AS (VALUES ${Array.from({ length: size }, () => values).join(', ')})`,
    `SELECT ${['q."$i" AS "$i"', ...wanted].join(', ')}`,
    `FROM q JOIN ${quoted(table)} AS t ON ${equal.join(' AND ')}`,
  ].join(' ')
}

/** Names of columns have no case in SQLite; one that is written alike wins. */
function actual(names: readonly string[], name: string): string | undefined {
  const lower = name.toLowerCase()
  return names.find((known) => known === name) ?? names.find((n) => n.toLowerCase() === lower)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Whole numbers are bound as such: as floating point they would not equal the text of a TEXT column. */
function bound(value: unknown): SQLInputValue {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value
    case 'bigint':
    case 'string':
      return value
    case 'boolean':
      return value ? 1n : 0n
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
      return JSON.stringify(value)
    default:
      return null
  }
}

function narrowed(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value)
  }
  return row
}

function troubleOf(error: unknown, path: string, table: string): TableError {
  const { message, errcode, code } = error as Error & { errcode?: number; code?: string }
  const where = `table "${table}" of the SQLite database ${path}`
  // The lower byte is the kind, the rest says more about it.
  const kind = (errcode ?? 0) & 0xff
  const isAway = code === 'ENOENT' || code === 'EACCES' || kind === codes.cannotOpen
  const isBusy = kind === codes.busy || kind === codes.locked
  const trouble = isAway ? 'not-connected' : isBusy ? 'retryable' : 'failed'
  return new TableError(trouble, `${where}: ${message}`, { cause: error })
}
