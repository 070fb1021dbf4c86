/** What a rule's worker, or one of its plugins, can have too much of. Each has a counter of its own. */
export const limitNames = [
  'memory',
  'cpu',
  'silence',
  'native',
  'stack',
  'messages',
  'protocol',
  'log',
  'state',
  'storage',
  'timers',
  'connections',
] as const

export type LimitName = (typeof limitNames)[number]

/** What it means, for the status. */
const meanings: Readonly<Record<LimitName, string>> = {
  memory: 'the memory of its worker',
  cpu: 'its share of processor time: it is fed more slowly',
  silence: 'the time for its event loop to answer',
  native: 'the time for its thread to answer',
  stack: 'the depth of its stack: rows failed',
  messages: 'messages a second to the host',
  protocol: 'what a worker may ask of the host',
  log: 'lines of its log a second: lines were dropped',
  state: 'the size of its state: what was put was refused',
  storage: 'the quota of its private folder: a write was refused',
  timers: 'timers at one time: one was refused',
  connections: 'connections at one time: one was refused',
}

/** How often the limits of one rule were passed since it was started. */
export class Breaches {
  readonly #counts = new Map<LimitName, number>()
  /** The last that did not end the worker. */
  #last: { readonly limit: LimitName; readonly plugin: string } | undefined

  /** @param plugin whose it was; a limit of the whole worker has none, and its own reason where its deaths are told */
  add(limit: LimitName, count = 1, plugin?: string | undefined): void {
    this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + count)
    if (plugin !== undefined) this.#last = { limit, plugin }
  }

  /** For an operator; `''` when there is nothing to say. */
  get line(): string {
    if (this.#last === undefined) return ''
    const { limit, plugin } = this.#last
    const times = this.#counts.get(limit) ?? 0
    const who = plugin === '' ? 'it' : `plugin ${plugin}`
    return `${who} passed the limit of ${meanings[limit]} (${times} times)`
  }

  /** `limit_memory_total` and so on, of those that were ever passed. */
  figures(): Record<string, number> {
    return Object.fromEntries(
      [...this.#counts].map(([limit, count]) => [`limit_${limit}_total`, count]),
    )
  }
}
