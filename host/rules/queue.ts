interface Entry {
  readonly verb: string | undefined
  readonly result: Promise<unknown>
  hasBegun: boolean
}

/**
 * One task at a time for each key, in the order in which they came; keys do not wait for each other. A task that is asked
 * for again while the same one waits as the last of its key is done once.
 */
export class KeyedQueue {
  readonly #last = new Map<string, Entry>()

  /** @param verb names tasks that are the same when they follow each other; `undefined`: each is its own */
  run<T>(key: string, task: () => Promise<T>, verb?: string): Promise<T> {
    const before = this.#last.get(key)
    if (verb !== undefined && before?.verb === verb && !before.hasBegun) {
      return before.result as Promise<T>
    }
    const begin = () => {
      entry.hasBegun = true
      return task()
    }
    const result = (before?.result ?? Promise.resolve()).then(begin, begin)
    const entry: Entry = { verb, result, hasBegun: false }
    this.#last.set(key, entry)
    const forget = () => {
      if (this.#last.get(key) === entry) this.#last.delete(key)
    }
    result.then(forget, forget)
    return result
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) {
      await Promise.allSettled([...this.#last.values()].map(({ result }) => result))
    }
  }
}
