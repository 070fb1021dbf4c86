import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RuleKey } from '../cell.ts'
import { replaceFile } from '../spool/durable-file.ts'
import { ActionCache, type ActionCacheOptions } from './action-cache.ts'

const ABOUT = 'cache.json'

/** Where the caches of a rule's actions are: a folder per rule, in it one per action. */
export class CacheRoom {
  readonly #folder: string
  /** Actions of one rule open at the same time, and write one file. */
  readonly #noting = new Map<string, Promise<void>>()

  /** @param dataFolder where the cell keeps what has to outlive it */
  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'sink-cache')
  }

  async open(
    key: RuleKey,
    action: string,
    options: Omit<ActionCacheOptions, 'folder'>,
  ): Promise<ActionCache> {
    const folder = this.#folderOf(key)
    await this.#note(key, folder)
    return ActionCache.open({ ...options, folder: join(folder, encodeURIComponent(action)) })
  }

  /** What actions have left that the rule has no more: removed. @returns how many payloads went with each */
  async keepOnly(key: RuleKey, actions: ReadonlySet<string>): Promise<Map<string, number>> {
    const folder = this.#folderOf(key)
    const gone = new Map<string, number>()
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const action = decodeURIComponent(entry.name)
      if (!entry.isDirectory() || actions.has(action)) continue
      const numbers = { generation: '', epoch: 0, maxPayloads: 1, maxBytes: 65_536, pageSize: 1 }
      const cache = await ActionCache.open({ ...numbers, folder: join(folder, entry.name) })
      gone.set(action, cache.payloads)
      await cache.remove()
    }
    return gone
  }

  /** The rule is no more. */
  async forget(key: RuleKey): Promise<void> {
    await rm(this.#folderOf(key), { recursive: true, force: true })
  }

  /** Whose folder it is, for whoever finds it. */
  #note({ tenant, rule }: RuleKey, folder: string): Promise<void> {
    const underWay = this.#noting.get(folder)
    if (underWay !== undefined) return underWay
    const noted = (async () => {
      await mkdir(folder, { recursive: true })
      await replaceFile(join(folder, ABOUT), JSON.stringify({ version: 1, tenant, rule }))
    })().finally(() => this.#noting.delete(folder))
    this.#noting.set(folder, noted)
    return noted
  }

  #folderOf({ tenant, rule }: RuleKey): string {
    const name = JSON.stringify([tenant, rule])
    return join(this.#folder, createHash('sha256').update(name).digest('hex').slice(0, 32))
  }
}
