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
) => unknown

/** What a subscriber that may lose nothing has to say: its writer's part. */
export interface Lossless {
  onRoom(listener: () => void): void
  whenDurable(listener: () => void): void
}

interface Subscriber {
  readonly filter: string
  readonly listener: Listener
  readonly done: () => void
  readonly lossless: Lossless | undefined
  /** Of one that is gone nobody waits for room. */
  readonly gone: AbortController
}

/** The memory topics of all tenants of a cell. A tenant sees only its own. */
export class MemoryTopics {
  readonly #subscribers = new Map<string, Set<Subscriber>>()

  /**
   * @param listener gets a view on each payload: copy it to keep it. With `lossless`, what it returns false for comes again
   * @param done called after a burst of payloads
   * @returns ends the subscription
   */
  subscribe(
    tenant: string,
    filter: string,
    listener: Listener,
    done: () => void,
    lossless?: Lossless,
  ): () => void {
    const subscriber = { filter, listener, done, lossless, gone: new AbortController() }
    const all = this.#subscribers.get(tenant) ?? new Set()
    this.#subscribers.set(tenant, all)
    all.add(subscriber)
    return () => {
      all.delete(subscriber)
      subscriber.gone.abort()
      if (all.size === 0 && this.#subscribers.get(tenant) === all) this.#subscribers.delete(tenant)
    }
  }

  /**
   * Hands a burst of payloads to everyone whose filter matches.
   *
   * @returns a promise where someone may lose nothing: it resolves when those have all of it, safe
   */
  publish(
    tenant: string,
    topic: string,
    each: (take: (bytes: Uint8Array, start: number, end: number) => void) => void,
    rowkindField?: string,
  ): void | Promise<void> {
    const waiting: Promise<void>[] = []
    for (const subscriber of this.#subscribers.get(tenant) ?? []) {
      const { filter, listener, done, lossless } = subscriber
      if (!matchesTopic(filter, topic)) continue
      if (lossless !== undefined) {
        waiting.push(handOver(subscriber, lossless, topic, each, rowkindField))
        continue
      }
      each((bytes, start, end) => listener(topic, bytes, start, end, rowkindField))
      done()
    }
    if (waiting.length > 0) return Promise.all(waiting).then(() => {})
  }
}

/** Waits for room where there is none, and then until all of it is safe. */
async function handOver(
  { listener, done, gone }: Subscriber,
  lossless: Lossless,
  topic: string,
  each: (take: (bytes: Uint8Array, start: number, end: number) => void) => void,
  rowkindField: string | undefined,
): Promise<void> {
  const left: { readonly bytes: Uint8Array; readonly start: number; readonly end: number }[] = []
  each((bytes, start, end) => {
    if (left.length > 0 || listener(topic, bytes, start, end, rowkindField) === false) {
      left.push({ bytes, start, end })
    }
  })
  done()
  for (const { bytes, start, end } of left) {
    while (!gone.signal.aborted && listener(topic, bytes, start, end, rowkindField) === false) {
      done()
      await unlessGone(gone.signal, (listener) => lossless.onRoom(listener))
    }
  }
  done()
  await unlessGone(gone.signal, (listener) => lossless.whenDurable(listener))
}

function unlessGone(signal: AbortSignal, wait: (listener: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
    wait(end)
  })
}
