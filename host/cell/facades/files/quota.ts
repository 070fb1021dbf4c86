import { unlink } from 'node:fs/promises'
import { FacadeError } from '../facade-error.ts'
import { OpenFolder } from './folder.ts'

/** What a name costs beside its content, so that empty files are not for nothing. */
export const ENTRY_BYTES = 256
const MAX_DEPTH = 20

/**
 * What is used of private folders, by path: all rules with a plugin write into the same one. Counted when the first of
 * them starts, kept up with each write, forgotten with the last.
 */
export class Quotas {
  readonly #folders = new Map<string, { readonly quota: Quota; users: number }>()

  use(path: string): Quota {
    const known = this.#folders.get(path) ?? { quota: new Quota(path), users: 0 }
    known.users++
    this.#folders.set(path, known)
    return known.quota
  }

  release(path: string): void {
    const known = this.#folders.get(path)
    if (known === undefined) return
    known.users--
    if (known.users === 0) this.#folders.delete(path)
  }
}

/** One folder's account. What is about to be written is counted before it is, so that two writes cannot share the rest. */
export class Quota {
  readonly #path: string
  #counted: Promise<void> | undefined
  #used = 0

  constructor(path: string) {
    this.#path = path
  }

  /** @throws FacadeError `ERR_PLUGIN_LIMIT` */
  async take(bytes: number, limit: number): Promise<void> {
    this.#counted ??= this.#count()
    await this.#counted
    if (this.#used + bytes > limit)
      throw new FacadeError(
        'ERR_PLUGIN_LIMIT',
        `the private folder holds ${this.#used} of ${limit} bytes, ${bytes} more are too many; remove what is not needed, or ask for more in plutino.permissions.files.private.quotaBytes`,
      )
    this.#used += bytes
  }

  giveBack(bytes: number): void {
    this.#used = Math.max(0, this.#used - bytes)
  }

  async #count(): Promise<void> {
    try {
      this.#used += await bytesBelow(this.#path, [])
    } catch (error) {
      this.#counted = undefined
      throw error
    }
  }
}

async function bytesBelow(root: string, parts: readonly string[]): Promise<number> {
  if (parts.length > MAX_DEPTH) return 0
  const folder = await OpenFolder.open(root, parts)
  let bytes = 0
  try {
    for await (const name of folder.abandoned()) await unlink(folder.at(name)).catch(() => {})
    for await (const name of folder.names()) {
      const stats = await folder.look(name).catch(() => undefined)
      bytes += ENTRY_BYTES
      if (stats?.isFile() === true) bytes += stats.size
      if (stats?.isDirectory() === true) bytes += await bytesBelow(root, [...parts, name])
    }
  } finally {
    await folder.close()
  }
  return bytes
}
