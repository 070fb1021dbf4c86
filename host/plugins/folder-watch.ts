import { type FSWatcher, watch } from 'node:fs'

export interface FolderWatchOptions {
  readonly folders: readonly string[]
  /** Looks at what has changed; never two at a time. */
  look(): Promise<void>
  /** ms without a change until it looks. @default 200 */
  readonly settleMs?: number | undefined
  /** It also looks without being told, as some file systems tell nothing. ms. @default 2000 */
  readonly pollMs?: number | undefined
}

/** Looks at folders some time after something in them has changed. A folder that comes later is watched from then on. */
export class FolderWatch {
  readonly #options: FolderWatchOptions
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #poll: NodeJS.Timeout
  #settling: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isClosed = false

  constructor(options: FolderWatchOptions) {
    this.#options = options
    this.#attach()
    this.#poll = setInterval(() => this.#look(), options.pollMs ?? 2000).unref()
  }

  /** What is under way comes to its end. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#poll)
    clearTimeout(this.#settling)
    for (const watcher of this.#watchers.values()) watcher.close()
    await this.#looking
  }

  #changed(): void {
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#look(), this.#options.settleMs ?? 200).unref()
  }

  #look(): void {
    if (this.#isClosed || this.#looking !== undefined) return
    this.#attach()
    this.#looking = this.#options.look().finally(() => {
      this.#looking = undefined
    })
  }

  #attach(): void {
    for (const folder of this.#options.folders) {
      if (this.#watchers.has(folder)) continue
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#changed())
        watcher.on('error', () => {
          watcher.close()
          this.#watchers.delete(folder)
        })
        this.#watchers.set(folder, watcher)
      } catch {
        // it is not there, or cannot be watched: it is looked at all the same
      }
    }
  }
}
