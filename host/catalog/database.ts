import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { HostError, type HostErrorCode, textOf } from '#host/errors.ts'
import { migrations } from './migrations.ts'

/**
 * The one file of the catalog, held by one process. Changes are visible at once and survive the end of the process; they
 * survive a power failure when `durable()` has resolved. It syncs the log asynchronously and for all callers that wait
 * together, since a sync by SQLite itself would stop the main thread.
 */
export class Database {
  readonly #db: DatabaseSync
  readonly #folder: string
  readonly #statements = new Map<string, StatementSync>()
  readonly #walPath: string
  #syncing: Promise<void> | undefined
  #next: Promise<void> | undefined
  #inTransaction = false

  /** @throws HostError when the folder cannot be written, is in use, or is of a newer version */
  constructor(folder: string) {
    this.#folder = folder
    const path = join(folder, 'catalog.db')
    this.#walPath = `${path}-wal`
    makeFolder(folder)
    this.#db = this.#guard(() => new DatabaseSync(path, { timeout: 0 }))
    try {
      this.#guard(() => this.#open())
    } catch (error) {
      this.#db.close()
      throw error
    }
    writeFileSync(join(folder, 'plutino.pid'), `${process.pid}\n`)
  }

  #open(): void {
    this.#db.exec(`PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA foreign_keys = ON;
      BEGIN IMMEDIATE; COMMIT;`)
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.user_version ?? 0)
    if (version > migrations.length) {
      throw new HostError(
        'folder-newer',
        `data folder ${this.#folder} was written by a newer version (catalog ${version}, this one knows ${migrations.length}); ` +
          'start that version, or give another folder with --data',
      )
    }
    for (let step = version; step < migrations.length; step++) {
      this.#db.exec(
        `BEGIN IMMEDIATE; ${migrations[step]}; PRAGMA user_version = ${step + 1}; COMMIT;`,
      )
    }
  }

  get(sql: string, ...values: readonly SqlValue[]) {
    return this.#guard(() => this.#prepare(sql).get(...values))
  }

  all(sql: string, ...values: readonly SqlValue[]) {
    return this.#guard(() => this.#prepare(sql).all(...values))
  }

  /** @returns how many rows changed */
  run(sql: string, ...values: readonly SqlValue[]): number {
    return this.#guard(() => Number(this.#prepare(sql).run(...values).changes))
  }

  /** All of it or nothing. Inside another one: part of that. */
  transaction<T>(body: () => T): T {
    if (this.#inTransaction) return body()
    this.#inTransaction = true
    try {
      this.#guard(() => this.#db.exec('BEGIN IMMEDIATE'))
      const result = body()
      this.#guard(() => this.#db.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    } finally {
      this.#inTransaction = false
    }
  }

  /** Resolves when all that was changed before the call survives a power failure. */
  async durable(): Promise<void> {
    if (this.#syncing === undefined) {
      this.#syncing = this.#sync().finally(() => {
        this.#syncing = undefined
      })
      return this.#syncing
    }
    // a sync that has begun may have begun too early for this caller; the next one serves all who come until it starts
    this.#next ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.durable()
      })
    return this.#next
  }

  async #sync(): Promise<void> {
    if (!this.#db.isOpen) return // closing wrote the log into the file, and synced it
    const log = await open(this.#walPath, 'r+')
    try {
      await log.datasync()
    } finally {
      await log.close()
    }
  }

  close(): void {
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #guard<T>(body: () => T): T {
    try {
      return body()
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }
}

export type SqlValue = string | number | Uint8Array | null

function makeFolder(folder: string): void {
  try {
    makePath(folder)
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw notWritable(folder, error)
  }
}

/** Not `recursive`: that never returns where a parent cannot be made and does not say so, as below /proc. */
function makePath(folder: string): void {
  if (existsSync(folder)) return
  const parent = dirname(folder)
  if (parent !== folder) makePath(parent)
  // properties put over REST may hold passwords
  mkdirSync(folder, { mode: 0o700 })
}

function notWritable(folder: string, error: unknown): HostError {
  return new HostError(
    'folder-not-writable',
    `data folder ${folder} cannot be written (${textOf(error)}); make it writable, or give another one with --data`,
    { cause: error },
  )
}

/** SQLite's primary result codes that an operator can do something about. */
function explain(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error
  const make = (code: HostErrorCode, text: string) => new HostError(code, text, { cause: error })
  switch (Number(error.errcode) & 0xff) {
    case 5:
    case 6:
      return make(
        'folder-in-use',
        `data folder ${folder} is in use by another process${owner(folder)}; stop it, or give another folder with --data`,
      )
    case 8:
    case 14:
      return notWritable(folder, error)
    case 13:
      return make('folder-full', `data folder ${folder}: the disk is full; free some space`)
    case 11:
    case 26:
      return make(
        'catalog-broken',
        `catalog.db in data folder ${folder} is damaged (${error.message}); put a copy back, or give another folder with --data`,
      )
    default:
      return error
  }
}

function owner(folder: string): string {
  try {
    return ` (${readFileSync(join(folder, 'plutino.pid'), 'utf8').trim()})`
  } catch {
    return '' // the other one has not written it yet
  }
}
