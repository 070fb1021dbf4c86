import type { PluginLimit } from '#src/worker/protocol.ts'

export interface LimitNotesOptions {
  /** A limit was passed so many times since it was told last. */
  tell(plugin: string, limit: PluginLimit, count: number): void
  later(run: () => void, ms: number): unknown
}

const EVERY_MS = 1000

/** Limits that plugins pass without harm to the worker, told to the host: the first at once, then once a second. */
export class LimitNotes {
  readonly #options: LimitNotesOptions
  readonly #counts = new Map<string, number>()

  constructor(options: LimitNotesOptions) {
    this.#options = options
  }

  hit(plugin: string, limit: PluginLimit): void {
    const key = `${limit} ${plugin}`
    const waiting = this.#counts.get(key)
    if (waiting !== undefined) {
      this.#counts.set(key, waiting + 1)
      return
    }
    this.#options.tell(plugin, limit, 1)
    this.#wait(key, plugin, limit)
  }

  #wait(key: string, plugin: string, limit: PluginLimit): void {
    this.#counts.set(key, 0)
    this.#options.later(() => {
      const count = this.#counts.get(key) ?? 0
      this.#counts.delete(key)
      if (count === 0) return
      this.#options.tell(plugin, limit, count)
      this.#wait(key, plugin, limit)
    }, EVERY_MS)
  }
}
