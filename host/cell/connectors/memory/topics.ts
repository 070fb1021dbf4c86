/** The levels of topic and filter, compared as MQTT does: `+` stands for one level, `#` for the rest. */
export function matchesTopic(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true
    if (i >= levels.length) return false
    if (level !== '+' && level !== levels[i]) return false
  }
  return wanted.length === levels.length
}

/** @param rowkindField where rows say what they do to a table that is kept of the topic */
type Listener = (
  topic: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  rowkindField: string | undefined,
) => void

/** The memory topics of all tenants of a cell. A tenant sees only its own. */
export class MemoryTopics {
  readonly #subscribers = new Map<
    string,
    Set<{ readonly filter: string; readonly listener: Listener; readonly done: () => void }>
  >()

  /**
   * @param listener gets a view on each payload: copy it to keep it
   * @param done called after a burst of payloads
   * @returns ends the subscription
   */
  subscribe(tenant: string, filter: string, listener: Listener, done: () => void): () => void {
    const subscriber = { filter, listener, done }
    const all = this.#subscribers.get(tenant) ?? new Set()
    this.#subscribers.set(tenant, all)
    all.add(subscriber)
    return () => {
      all.delete(subscriber)
      if (all.size === 0 && this.#subscribers.get(tenant) === all) this.#subscribers.delete(tenant)
    }
  }

  /** Hands a burst of payloads to everyone whose filter matches. */
  publish(
    tenant: string,
    topic: string,
    each: (take: (bytes: Uint8Array, start: number, end: number) => void) => void,
    rowkindField?: string,
  ): void {
    for (const { filter, listener, done } of this.#subscribers.get(tenant) ?? []) {
      if (!matchesTopic(filter, topic)) continue
      each((bytes, start, end) => listener(topic, bytes, start, end, rowkindField))
      done()
    }
  }
}
