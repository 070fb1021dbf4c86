import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceSpec } from '../cell.ts'
import { readJson, replaceFile } from './durable-file.ts'
import { type Indexed, SpoolIndex, type SpoolKey } from './spool-index.ts'
import { leaveClosed, StreamSpool } from './stream-spool.ts'

export interface SpoolSizes {
  readonly limitBytes?: number | undefined
  readonly firstSequence?: number | undefined
  /** As `Indexed.source`. */
  readonly source?: SourceSpec | undefined
}

/** Writes what comes to a spool that no rule uses at the moment. */
export interface Standby {
  /** Nothing is on its way to the spool any more. What comes from now on waits for the next one who writes it. */
  close(): Promise<void>
  /** Nobody will. */
  forget(): Promise<void>
}

export interface StandbySetup extends SpoolKey {
  readonly source: SourceSpec
  readonly spool: StreamSpool
  readonly hostId: string
}

interface Entry {
  readonly key: SpoolKey
  readonly opened: Promise<StreamSpool>
  users: number
}

interface Standing {
  readonly spool: StreamSpool
  readonly standby: Standby
}

/** The spools of a cell: one folder each. Open while a rule uses them. */
export class SpoolRoom {
  readonly #folder: string
  readonly #index: SpoolIndex
  readonly #standbyOf: ((setup: StandbySetup) => Promise<Standby>) | undefined
  readonly #entries = new Map<string, Entry>()
  /** By folder. */
  readonly #standing = new Map<string, Promise<Standing | undefined>>()
  readonly #closing = new Map<string, Promise<void>>()
  #hostId: Promise<string> | undefined
  #isClosed = false

  /** @param dataFolder where the cell keeps what has to outlive it */
  constructor(dataFolder: string, standbyOf?: (setup: StandbySetup) => Promise<Standby>) {
    this.#folder = dataFolder
    this.#index = new SpoolIndex(join(dataFolder, 'spools'))
    this.#standbyOf = standbyOf
  }

  /** Names this host, the same in each life. */
  hostId(): Promise<string> {
    this.#hostId ??= this.#readHostId()
    return this.#hostId
  }

  /** Before any rule runs: what rules of this cell send to others is taken whether those run or not. */
  async open(): Promise<void> {
    const all = await this.#index.all()
    await Promise.all(all.map((indexed) => this.#stand(indexed)))
  }

  async acquire(key: SpoolKey, sizes: SpoolSizes): Promise<StreamSpool> {
    const folder = this.#index.folderOf(key)
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
    const folder = this.#index.folderOf(key)
    const entry = this.#entries.get(folder)
    if (entry === undefined || --entry.users > 0) return
    this.#entries.delete(folder)
    const closing = this.#close(folder, entry).finally(() => this.#closing.delete(folder))
    this.#closing.set(folder, closing)
    await closing
  }

  /** The rule has taken its place in a spool. */
  async joined(key: SpoolKey, rule: string): Promise<void> {
    const indexed = await this.#index.get(this.#index.folderOf(key))
    indexed?.rules.add(rule)
  }

  /**
   * The rule is no more, or reads only `kept` from now on: it gives up its other places, and what nobody else needs is
   * removed.
   *
   * @returns the spools that were removed
   */
  async forget(tenant: string, rule: string, kept: readonly SpoolKey[] = []): Promise<SpoolKey[]> {
    await Promise.all(this.#closing.values())
    const stays = new Set(kept.map((key) => this.#index.folderOf(key)))
    const removed: SpoolKey[] = []
    for (const { key, folder, rules } of await this.#index.of(tenant, rule)) {
      if (stays.has(folder)) continue
      rules.delete(rule)
      const entry = this.#entries.get(folder)
      // With its last rule a shared stream is closed, and what nobody needs goes then.
      if (entry !== undefined) await (await entry.opened).leave(rule)
      else if (!(await this.#leave(folder, rule))) {
        await this.#index.remove(folder)
        removed.push(key)
      }
    }
    return removed
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#closing.values())
    await Promise.all([...this.#standing.keys()].map((folder) => this.#endStanding(folder)))
    const open = [...this.#entries.values()]
    this.#entries.clear()
    await Promise.all(open.map(async ({ opened }) => (await opened).close()))
  }

  async #open(folder: string, key: SpoolKey, sizes: SpoolSizes): Promise<StreamSpool> {
    const { source, ...rest } = sizes
    await this.#endStanding(folder)
    await this.#index.add(key, source)
    return StreamSpool.open({ folder, ...rest })
  }

  async #close(folder: string, { opened }: Entry): Promise<void> {
    const spool = await opened
    const indexed = await this.#index.get(folder)
    if (spool.isUnused) {
      await this.#index.remove(folder)
      await spool.remove()
    } else {
      await spool.close()
      if (indexed !== undefined) await this.#stand(indexed)
    }
  }

  /** @returns whether any rule is left */
  async #leave(folder: string, rule: string): Promise<boolean> {
    const standing = await this.#standing.get(folder)
    if (standing === undefined) return leaveClosed(folder, rule)
    const { spool, standby } = standing
    await spool.leave(rule)
    if (!spool.isUnused) return true
    this.#standing.delete(folder)
    await standby.close()
    await standby.forget()
    await spool.remove()
    return false
  }

  async #stand({ key, folder, source }: Indexed): Promise<void> {
    const make = this.#standbyOf
    if (source === undefined || make === undefined || this.#isClosed) return
    const starting = async () => {
      const spool = await StreamSpool.open({ folder, limitBytes: source.spoolLimit })
      const standby = await make({ ...key, source, spool, hostId: await this.hostId() })
      return { spool, standby }
    }
    // One that cannot stand is told by the rule when it starts: what is sent to it waits until then.
    const standing = starting().catch(() => undefined)
    this.#standing.set(folder, standing)
    await standing
  }

  async #endStanding(folder: string): Promise<void> {
    const starting = this.#standing.get(folder)
    this.#standing.delete(folder)
    const standing = await starting
    await standing?.standby.close()
    await standing?.spool.close()
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
