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

/** Hands over one payload after the other, as often as it is called. */
type Each = (take: (bytes: Uint8Array, start: number, end: number) => void) => void

/** Whose payloads they are, so that one that comes again is known. */
export interface Origin {
  /** The same in all lives of who writes. */
  readonly name: string
  /** In which numbering `first` counts. */
  readonly generation: string
  /** Number of the first payload. */
  readonly first: number
}

export interface Publication {
  /** As in `Listener`. */
  readonly rowkindField?: string | undefined
  readonly origin?: Origin | undefined
}

/** What a subscriber that may lose nothing has to say: its writer's part. */
export interface Lossless {
  /** The same in all its lives. `undefined`: it has one life. */
  readonly name?: string | undefined
  onRoom(listener: () => void): void
  whenDurable(listener: () => void): void
  /** Number of the last payload of this origin that it has taken; 0: of none. */
  lastOf?(origin: Origin): number
  /** It has just taken so many payloads of an origin, one behind the other, from number `first` on. */
  took?(origin: Origin, first: number, count: number): void
}

/** Stands for a subscriber that may lose nothing and is away: who writes waits until it is back. */
interface Absence {
  readonly name: string
  readonly filter: string
  /** With `undefined`: it will not come back. */
  readonly back: PromiseWithResolvers<Subscriber | undefined>
}

interface Subscriber {
  readonly filter: string
  readonly listener: Listener
  readonly done: () => void
  readonly lossless: Lossless | undefined
  /** Of one that is gone nobody waits for room. */
  readonly gone: AbortController
  /** Of one with a name that is gone: who has come in its place. */
  successor?: (() => Promise<Subscriber | undefined>) | undefined
}

/** The memory topics of all tenants of a cell. A tenant sees only its own. */
export class MemoryTopics {
  readonly #subscribers = new Map<string, Set<Subscriber>>()
  readonly #absences = new Map<string, Absence[]>()

  /**
   * @param listener gets a view on each payload: copy it to keep it. With `lossless`, what it returns false for comes again
   * @param done called after a burst of payloads
   * @returns ends the subscription. With `lossless`, who writes waits from then on until a subscriber of the same name comes
   *   or `forget` is called
   */
  subscribe(
    tenant: string,
    filter: string,
    listener: Listener,
    done: () => void,
    lossless?: Lossless,
  ): () => void {
    const gone = new AbortController()
    const subscriber: Subscriber = { filter, listener, done, lossless, gone }
    const all = this.#subscribers.get(tenant) ?? new Set()
    this.#subscribers.set(tenant, all)
    all.add(subscriber)
    const { name } = lossless ?? {}
    if (name !== undefined) {
      const back = Promise.withResolvers<Subscriber | undefined>()
      subscriber.successor = () => back.promise
      this.#cameBack(tenant, name, subscriber)
      gone.signal.addEventListener('abort', () => {
        const others = this.#absences.get(tenant) ?? []
        this.#absences.set(tenant, [...others, { name, filter, back }])
      })
    }
    return () => {
      all.delete(subscriber)
      gone.abort()
      if (all.size === 0 && this.#subscribers.get(tenant) === all) this.#subscribers.delete(tenant)
    }
  }

  /** Nobody waits any more for subscribers of this name. */
  forget(tenant: string, name: string): void {
    const all = this.#absences.get(tenant) ?? []
    for (const absence of all) if (absence.name === name) absence.back.resolve(undefined)
    this.#keepAbsences(
      tenant,
      all.filter((absence) => absence.name !== name),
    )
  }

  #cameBack(tenant: string, name: string, subscriber: Subscriber): void {
    const all = this.#absences.get(tenant) ?? []
    const absence = all.find((one) => one.name === name)
    if (absence === undefined) return
    this.#keepAbsences(
      tenant,
      all.filter((one) => one !== absence),
    )
    absence.back.resolve(subscriber)
  }

  #keepAbsences(tenant: string, left: Absence[]): void {
    if (left.length === 0) this.#absences.delete(tenant)
    else this.#absences.set(tenant, left)
  }

  /**
   * Hands a burst of payloads to everyone whose filter matches.
   *
   * @returns a promise where someone may lose nothing: it resolves when those have all of it, safe
   */
  publish(
    tenant: string,
    topic: string,
    each: Each,
    publication: Publication = {},
  ): void | Promise<void> {
    const { rowkindField } = publication
    const waiting: Promise<void>[] = []
    for (const { filter, back } of this.#absences.get(tenant) ?? []) {
      if (!matchesTopic(filter, topic)) continue
      const handed = back.promise.then((subscriber) => {
        if (subscriber?.lossless === undefined || !matchesTopic(subscriber.filter, topic)) return
        return handOver(subscriber, subscriber.lossless, topic, each, publication)
      })
      waiting.push(handed)
    }
    for (const subscriber of this.#subscribers.get(tenant) ?? []) {
      const { filter, listener, done, lossless } = subscriber
      if (!matchesTopic(filter, topic)) continue
      if (lossless !== undefined) {
        waiting.push(handOver(subscriber, lossless, topic, each, publication))
        continue
      }
      each((bytes, start, end) => listener(topic, bytes, start, end, rowkindField))
      done()
    }
    if (waiting.length > 0) return Promise.all(waiting).then(() => {})
  }
}

/**
 * Waits for room where there is none, and then until all of it is safe. What the subscriber has not taken when it goes its
 * successor gets.
 */
async function handOver(
  subscriber: Subscriber,
  lossless: Lossless,
  topic: string,
  each: Each,
  { rowkindField, origin }: Publication,
): Promise<void> {
  const { listener, done, gone } = subscriber
  const { onRoom, whenDurable } = lossless
  const known = origin === undefined ? 0 : (lossless.lastOf?.(origin) ?? 0)
  const left: Payload[] = []
  const take = ({ bytes, start, end }: Payload) =>
    listener(topic, bytes, start, end, rowkindField) !== false
  let number = origin?.first ?? 0
  let [first, taken] = [0, 0]
  each((bytes, start, end) => {
    const payload = { bytes, start, end, number: number++ }
    if (origin !== undefined && payload.number <= known) return
    if (left.length > 0 || !take(payload)) left.push(payload)
    else if (taken++ === 0) first = payload.number
  })
  if (origin !== undefined && taken > 0) lossless.took?.(origin, first, taken)
  done()
  for (let next = left[0]; next !== undefined && !gone.signal.aborted; next = left[0]) {
    if (take(next)) {
      left.shift()
      if (origin !== undefined) lossless.took?.(origin, next.number, 1)
    } else {
      done()
      await unlessGone(gone.signal, onRoom)
    }
  }
  done()
  // One that has a successor makes safe what it has taken before it is through.
  if (subscriber.successor === undefined) await unlessGone(gone.signal, whenDurable)
  else await new Promise<void>((resolve) => whenDurable(resolve))
  const next = left.length > 0 ? await subscriber.successor?.() : undefined
  if (next?.lossless === undefined) return
  const rest: Each = (take) => {
    for (const { bytes, start, end } of left) take(bytes, start, end)
  }
  const [oldest] = left
  const from = origin && oldest && { ...origin, first: oldest.number }
  await handOver(next, next.lossless, topic, rest, { rowkindField, origin: from })
}

interface Payload {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly number: number
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
