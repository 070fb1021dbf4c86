import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from '#host/catalog/database.ts'
import { bytesAt, numberAt, type SqlRow, textAt } from '#host/catalog/row.ts'
import { CellError, type RuleKey, type StoredCheckpoint } from '#host/cell/cell.ts'
import { bodyOf, digestOf, partsOf } from './body.ts'

/** Larger ones are files. */
export const inlineBytes = 262_144

/** An older one is read when a newer one is damaged. */
const kept = 3

export interface KeptCheckpoint {
  readonly epoch: number
  /** Within its epoch. */
  readonly number: number
  /** When it was taken, ms since the epoch. */
  readonly at: number
  readonly bytes: number
  /** What was read is what was written. */
  readonly isWhole: boolean
}

/**
 * Committed states of rules: small ones in the catalog, large ones as files beside it. A commit of an epoch older than
 * the rule's last start is refused, so that a worker that was given up cannot overwrite what its successor goes on from.
 */
export class CheckpointStore {
  readonly #db: Database
  readonly #folder: string
  /** Commits of one rule keep their order. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(database: Database, dataFolder: string) {
    this.#db = database
    this.#folder = join(dataFolder, 'checkpoints')
  }

  /** Resolves when it survives a power failure. @throws CellError `stale-epoch`, `unknown-rule` */
  commit(key: RuleKey, checkpoint: StoredCheckpoint): Promise<void> {
    const name = JSON.stringify([key.tenant, key.rule])
    const before = this.#last.get(name) ?? Promise.resolve()
    const commit = before.catch(() => {}).then(() => this.#commit(key, checkpoint))
    this.#last.set(name, commit)
    const forget = () => {
      if (this.#last.get(name) === commit) this.#last.delete(name)
    }
    commit.then(forget, forget)
    return commit
  }

  /**
   * The newest one that is whole.
   *
   * @param onDamaged told when each newer one was taken that is not
   */
  async newest(
    key: RuleKey,
    onDamaged?: (at: number) => void,
  ): Promise<StoredCheckpoint | undefined> {
    const rows = this.#db.all(
      `SELECT * FROM checkpoints WHERE tenant = ? AND rule = ? ORDER BY epoch DESC, number DESC`,
      key.tenant,
      key.rule,
    )
    for (const row of rows) {
      const bytes = await this.#whole(row)
      const body = bytes && bodyOf(bytes)
      if (body === undefined) {
        onDamaged?.(numberAt(row, 'at'))
        continue
      }
      return { ...body, epoch: numberAt(row, 'epoch'), at: numberAt(row, 'at') }
    }
    return undefined
  }

  /** Those that are kept, newest first, each read and checked. */
  async list(key: RuleKey): Promise<KeptCheckpoint[]> {
    const rows = this.#db.all(
      `SELECT * FROM checkpoints WHERE tenant = ? AND rule = ? ORDER BY epoch DESC, number DESC`,
      key.tenant,
      key.rule,
    )
    const kept: KeptCheckpoint[] = []
    for (const row of rows) {
      kept.push({
        epoch: numberAt(row, 'epoch'),
        number: numberAt(row, 'number'),
        at: numberAt(row, 'at'),
        bytes: numberAt(row, 'bytes'),
        isWhole: (await this.#whole(row)) !== undefined,
      })
    }
    return kept
  }

  /** A rule that is dropped, or starts anew. */
  async remove(key: RuleKey): Promise<void> {
    await this.#last.get(JSON.stringify([key.tenant, key.rule]))?.catch(() => {})
    this.#db.run('DELETE FROM checkpoints WHERE tenant = ? AND rule = ?', key.tenant, key.rule)
    await rm(this.#ruleFolder(key), { recursive: true, force: true })
  }

  /** Files that no row names: of a commit cut short, or of a rule dropped at the wrong moment. Call it at start. */
  async sweep(): Promise<void> {
    const rows = this.#db.all('SELECT file FROM checkpoints WHERE file IS NOT NULL')
    const named = new Set(rows.map((row) => textAt(row, 'file')))
    const files = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(
      () => [], // none was ever written
    )
    for (const file of files) {
      const path = join(file.parentPath, file.name)
      if (file.isFile() && !named.has(path.slice(this.#folder.length + 1))) await rm(path)
    }
  }

  async #commit(key: RuleKey, checkpoint: StoredCheckpoint): Promise<void> {
    this.#fence(key, checkpoint.epoch)
    const { epoch, at, ...rest } = checkpoint
    const parts = partsOf(rest)
    const bytes = parts.reduce((sum, { length }) => sum + length, 0)
    const sha256 = await digestOf(parts)
    const number = this.#nextNumber(key, epoch)
    const file = bytes > inlineBytes ? await this.#write(key, `${epoch}-${number}`, parts) : null
    const stale = this.#db.transaction(() => {
      this.#fence(key, epoch)
      this.#db.run(
        'INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        key.tenant,
        key.rule,
        epoch,
        number,
        at,
        bytes,
        sha256,
        file === null ? Buffer.concat(parts) : null,
        file,
      )
      return this.#prune(key)
    })
    await this.#db.durable()
    for (const old of stale) await rm(join(this.#folder, old), { force: true })
  }

  #fence(key: RuleKey, epoch: number): void {
    const row = this.#db.get(
      'SELECT epoch FROM rules WHERE tenant = ? AND id = ?',
      key.tenant,
      key.rule,
    )
    if (row === undefined) {
      throw new CellError('unknown-rule', `rule "${key.rule}" does not exist any more`)
    }
    const newest = Math.max(numberAt(row, 'epoch'), this.#newestEpoch(key))
    if (epoch < newest) {
      throw new CellError(
        'stale-epoch',
        `rule "${key.rule}" has started anew: epoch ${epoch} may not commit after epoch ${newest}`,
      )
    }
  }

  #newestEpoch(key: RuleKey): number {
    const row = this.#db.get(
      'SELECT coalesce(max(epoch), 0) AS epoch FROM checkpoints WHERE tenant = ? AND rule = ?',
      key.tenant,
      key.rule,
    )
    return row === undefined ? 0 : numberAt(row, 'epoch')
  }

  #nextNumber(key: RuleKey, epoch: number): number {
    const row = this.#db.get(
      'SELECT coalesce(max(number), 0) AS number FROM checkpoints WHERE tenant = ? AND rule = ? AND epoch = ?',
      key.tenant,
      key.rule,
      epoch,
    )
    return row === undefined ? 1 : numberAt(row, 'number') + 1
  }

  /** @returns the files of those that are too old now */
  #prune(key: RuleKey): string[] {
    const old = this.#db.all(
      `SELECT epoch, number, file FROM checkpoints WHERE tenant = ? AND rule = ?
       ORDER BY epoch DESC, number DESC LIMIT -1 OFFSET ${kept}`,
      key.tenant,
      key.rule,
    )
    for (const row of old) {
      this.#db.run(
        'DELETE FROM checkpoints WHERE tenant = ? AND rule = ? AND epoch = ? AND number = ?',
        key.tenant,
        key.rule,
        numberAt(row, 'epoch'),
        numberAt(row, 'number'),
      )
    }
    return old.flatMap((row) => (typeof row.file === 'string' ? [row.file] : []))
  }

  /** Written beside its place, synced, then renamed: a file with the right name is whole. */
  async #write(key: RuleKey, name: string, parts: readonly Uint8Array[]): Promise<string> {
    const path = join(this.#ruleFolder(key), `${name}.state`)
    const folder = dirname(path)
    await mkdir(folder, { recursive: true })
    const file = await open(`${path}.new`, 'w')
    try {
      for (const part of parts) await file.writeFile(part)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    await syncFolder(folder)
    return path.slice(this.#folder.length + 1)
  }

  /** @returns `undefined` when it is not what was written: an older one takes its place */
  async #whole(row: SqlRow): Promise<Uint8Array | undefined> {
    const { file } = row
    const bytes =
      typeof file === 'string'
        ? await readFile(join(this.#folder, file)).catch(() => undefined)
        : bytesAt(row, 'body')
    if (bytes === undefined) return undefined
    return (await digestOf([bytes])) === textAt(row, 'sha256') ? bytes : undefined
  }

  #ruleFolder(key: RuleKey): string {
    return join(this.#folder, key.tenant, key.rule)
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
