import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readJson, replaceFile } from './durable-file.ts'
import { leaveClosed, StreamSpool } from './stream-spool.ts'

/** Whose spool it is: a rule's for one of its sources, or a shared stream's (`rule` is '' then). */
export interface SpoolKey {
  readonly tenant: string
  readonly rule: string
  readonly stream: string
  /** Which of the rule's sources: a stream may be joined with itself. */
  readonly index: number
}

export interface SpoolSizes {
  readonly limitBytes?: number | undefined
  readonly firstSequence?: number | undefined
}

interface Entry {
  readonly key: SpoolKey
  readonly opened: Promise<StreamSpool>
  users: number
}

const ABOUT = 'spool.json'

/** The spools of a cell: one folder each. Open while a rule uses them. */
export class SpoolRoom {
  readonly #folder: string
  readonly #entries = new Map<string, Entry>()
  readonly #closing = new Map<string, Promise<void>>()
  #hostId: Promise<string> | undefined

  /** @param dataFolder where the cell keeps what has to outlive it */
  constructor(dataFolder: string) {
    this.#folder = dataFolder
  }

  /** Names this host, the same in each life. */
  hostId(): Promise<string> {
    this.#hostId ??= this.#readHostId()
    return this.#hostId
  }

  async acquire(key: SpoolKey, sizes: SpoolSizes): Promise<StreamSpool> {
    const folder = this.#folderOf(key)
    await this.#closing.get(folder)
    const known = this.#entries.get(folder)
    if (known !== undefined) {
      known.users++
      return known.opened
    }
    const opened = this.#open(folder, key, sizes)
    this.#entries.set(folder, { key, opened, users: 1 })
    opened.catch(() => this.#entries.delete(folder))
    return opened
  }

  async release(key: SpoolKey): Promise<void> {
    const folder = this.#folderOf(key)
    const entry = this.#entries.get(folder)
    if (entry === undefined || --entry.users > 0) return
    this.#entries.delete(folder)
    const closing = entry.opened
      .then((spool) => (spool.isUnused ? spool.remove() : spool.close()))
      .finally(() => this.#closing.delete(folder))
    this.#closing.set(folder, closing)
    await closing
  }

  /** The rule is no more: it gives up its places, and what nobody else needs is removed. */
  async forget(tenant: string, rule: string): Promise<void> {
    await Promise.all(this.#closing.values())
    const names = await readdir(this.#spools).catch(() => [])
    for (const name of names) {
      const folder = join(this.#spools, name)
      const about = await readJson(join(folder, ABOUT))
      if (about?.tenant !== tenant || (about.rule !== '' && about.rule !== rule)) continue
      const entry = this.#entries.get(folder)
      // With its last rule a shared stream is closed, and what nobody needs goes then.
      if (entry !== undefined) await (await entry.opened).leave(rule)
      else await leaveClosed(folder, rule)
    }
  }

  async close(): Promise<void> {
    const open = [...this.#entries.values()]
    this.#entries.clear()
    await Promise.all(open.map(async ({ opened }) => (await opened).close()))
    await Promise.all(this.#closing.values())
  }

  get #spools(): string {
    return join(this.#folder, 'spools')
  }

  #folderOf({ tenant, rule, stream, index }: SpoolKey): string {
    const name = JSON.stringify([tenant, rule, stream, index])
    return join(this.#spools, createHash('sha256').update(name).digest('hex').slice(0, 32))
  }

  async #open(folder: string, key: SpoolKey, sizes: SpoolSizes): Promise<StreamSpool> {
    await mkdir(folder, { recursive: true })
    await replaceFile(join(folder, ABOUT), JSON.stringify({ version: 1, ...key }))
    return StreamSpool.open({ folder, ...sizes })
  }

  async #readHostId(): Promise<string> {
    const path = join(this.#folder, 'host.json')
    const known = (await readJson(path))?.id
    if (typeof known === 'string' && known !== '') return known
    const id = randomUUID().slice(0, 8)
    await mkdir(this.#folder, { recursive: true })
    await replaceFile(path, JSON.stringify({ id }))
    return id
  }
}
