/** Who is woken when a source has something new. */
export interface BellMember {
  /** A call would be full, and one more may be made. */
  hasFullCall(): boolean
  /** There is something to send and nothing is away. */
  hasAny(): boolean
  /** Makes the calls that can be made now. */
  feed(): void
}

export interface DoorbellOptions {
  /** Wake-ups per second of all members together. @default 2000 */
  readonly budget?: number | undefined
  /** The same while there is one member: its latency is all there is to gain. @default `budget`, or 4000 */
  readonly soloBudget?: number | undefined
  /** ms that a tuple waits for company at most. @default 20 */
  readonly maxLingerMs?: number | undefined
  /** ms, monotonic. */
  readonly now?: (() => number) | undefined
}

/** Wake-ups that may be saved up beyond one for each member. */
const BURST = 4

/**
 * Decides when the readers of one source are woken. A wake-up that brings little costs far more than what it brings, so
 * all readers share a budget of them per second: within it they are called at once, beyond it all wait for one timer. A
 * call that is full pays for itself and is free.
 */
export class Doorbell {
  readonly #members = new Set<BellMember>()
  readonly #budget: number
  readonly #soloBudget: number
  readonly #maxLingerMs: number
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #tokens = 0
  #refilledAt: number

  constructor(options: DoorbellOptions = {}) {
    this.#budget = options.budget ?? 2000
    this.#soloBudget = options.soloBudget ?? options.budget ?? 4000
    this.#maxLingerMs = options.maxLingerMs ?? 20
    this.#now = options.now ?? performance.now.bind(performance)
    this.#refilledAt = this.#now()
  }

  add(member: BellMember): void {
    this.#members.add(member)
  }

  remove(member: BellMember): void {
    this.#members.delete(member)
    if (this.#members.size === 0) this.close()
  }

  /** There may be something new for everyone. */
  ring(): void {
    let waiting = 0
    for (const member of this.#members) {
      if (member.hasFullCall()) member.feed()
      else if (member.hasAny()) waiting++
    }
    if (waiting > 0) this.#call(waiting)
  }

  /** One member has become free. */
  ringFor(member: BellMember): void {
    if (member.hasFullCall()) member.feed()
    else if (member.hasAny() && this.#afford(1)) member.feed()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #call(count: number): void {
    if (!this.#afford(count)) return
    for (const member of this.#members) if (member.hasAny()) member.feed()
  }

  #afford(count: number): boolean {
    if (this.#timer !== undefined) return false
    const now = this.#now()
    const budget = this.#members.size === 1 ? this.#soloBudget : this.#budget
    const earned = ((now - this.#refilledAt) * budget) / 1000
    this.#tokens = Math.min(BURST + count, this.#tokens + earned)
    this.#refilledAt = now
    if (this.#tokens >= count) {
      this.#tokens -= count
      return true
    }
    const wait = ((count - this.#tokens) * 1000) / budget
    this.#timer = setTimeout(() => this.#due(), Math.min(this.#maxLingerMs, wait))
    return false
  }

  #due(): void {
    this.#timer = undefined
    this.#tokens = 0
    this.#refilledAt = this.#now()
    for (const member of this.#members) if (member.hasAny()) member.feed()
  }
}
