import { setTimeout as sleep } from 'node:timers/promises'
import type { Emission } from '#src/worker/protocol.ts'
import { within } from '../rule/deadline.ts'
import { EmissionOrder } from '../rule/emission-order.ts'
import type { LaneOptions } from '../rule/lane.ts'
import { QueuedLane } from '../rule/queued-lane.ts'
import type { ActionCache } from './action-cache.ts'
import type { CacheOptions } from './action-options.ts'
import { resent } from './resent.ts'

export interface CachedLaneOptions extends LaneOptions {
  readonly cache: CacheOptions
  /** Opened with the lane. */
  openCache(): Promise<ActionCache>
}

const GROUP_BYTES = 1_048_576
const CLOSE_MS = 5000
const LOOK_MS = 100

/**
 * A lane that stores what its sink cannot take and forwards it later. As long as the sink takes everything, payloads go
 * straight there. When an attempt fails, or more than `memoryCacheThreshold` of them wait, they are written to disk, which
 * acknowledges them, and are sent from there.
 */
export class CachedLane extends QueuedLane<CachedLaneOptions> {
  #cache: ActionCache | undefined
  #resent = 0
  #isDown = false
  #isClosing = false
  #isCachesTurn = false
  /** The cache waits until then: `resendInterval`. */
  #resendAt = 0
  #resendTimer: NodeJS.Timeout | undefined
  /** The head of the queue is being sent. */
  #isFlying = false
  /** The last number that was sent without having been on disk, or while it was written there. */
  #sentTo = 0
  /** The first payloads of a cache are being written: what of them was sent is not known to it yet. */
  #isBeginning = false
  #spilling: Promise<void> | undefined
  #wake = Promise.withResolvers<void>()
  #running: Promise<void> = Promise.resolve()

  get isIdle(): boolean {
    return this.queue.head === undefined
  }

  get isEmpty(): boolean {
    return this.isIdle && this.#cache?.isEmpty !== false
  }

  get trouble(): string {
    const { outlet, context } = this.options
    const fault = this.#cache?.fault
    if (fault !== undefined)
      return `the cache of sink "${context.name}" cannot be written: ${fault}`
    const isStopped = this.#cache?.isFull === true && this.isFull
    if (isStopped) return `the cache of sink "${context.name}" is full: the rule waits for the sink`
    return outlet.trouble
  }

  async open(): Promise<void> {
    const { outlet, deadLetters, openCache, position } = this.options
    const cache = await openCache()
    this.#cache = cache
    // Those are safe already, whatever the checkpoint knows of them.
    this.order = new EmissionOrder(position, cache.last)
    await Promise.all([outlet.open(), deadLetters?.open()])
    this.#running = this.#run(cache)
  }

  async close(): Promise<void> {
    const { outlet, deadLetters, cache: options, context } = this.options
    this.#isClosing = true
    clearTimeout(this.#resendTimer)
    this.#wake.resolve()
    await Promise.all([outlet.close(), deadLetters?.close()])
    await within(this.#running, CLOSE_MS, `ending sink "${context.name}"`).catch(() => {})
    const cache = this.#cache
    if (cache === undefined) return
    if (options.cleanCacheAtStop) await cache.remove()
    else {
      await within(this.#saveRest(cache), CLOSE_MS, `saving the cache of "${context.name}"`).catch(
        (error: Error) => {
          const left = this.queue.payloads
          context.logger.error(`${error.message}: ${left} payloads are not in it`)
        },
      )
      await within(cache.close(), CLOSE_MS, 'closing the cache').catch(() => {})
    }
  }

  figures(): Record<string, number | string> {
    const cache = this.#cache
    const { sender, connection } = this.options
    const figures = sender.figures()
    const lost = (cache?.dropped ?? 0) + (cache?.missing ?? 0)
    return {
      records_in_total: this.taken,
      ...figures,
      dropped_total: Number(figures.dropped_total) + lost,
      buffer_length: this.queue.payloads,
      cache_length: cache?.payloads ?? 0,
      cache_bytes: cache?.bytes ?? 0,
      cache_dropped_total: cache?.dropped ?? 0,
      cache_damaged_total: cache?.missing ?? 0,
      resent_total: this.#resent,
      ...connection.figures(),
    }
  }

  protected override queued(): void {
    const { cache, outlet } = this.options
    const isBehind = !cache.resendAlterQueue && this.#cache?.isEmpty === false
    const isSlow = this.queue.payloads > cache.memoryCacheThreshold
    if (isBehind || isSlow || this.#isDown || outlet.trouble !== '') this.#spill()
    this.#wake.resolve()
  }

  async #run(cache: ActionCache): Promise<void> {
    const { signal } = this.options.context
    while (!signal.aborted && !this.#isClosing) {
      const from = this.#choose(cache)
      if (from === undefined) {
        // The disk does not say when it begins to fail.
        const look = this.#spilling && setTimeout(() => this.#wake.resolve(), LOOK_MS)
        await this.#wake.promise
        clearTimeout(look)
        this.#wake = Promise.withResolvers()
        continue
      }
      if (from === 'cache') await this.#resend(cache)
      else await this.#sendHead(cache)
      this.options.onProgress()
      if (!this.#isDown) continue
      this.#spill()
      const { waitMs } = this.options.sender
      await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
  }

  #choose(cache: ActionCache): 'queue' | 'cache' | undefined {
    const { resendAlterQueue, resendPriority } = this.options.cache
    const mayResend = performance.now() >= this.#resendAt
    const hasCached = !cache.isEmpty && !this.#isBeginning && mayResend
    // A disk that takes nothing does not keep a sink from taking it.
    const isHeldUp = cache.fault !== undefined && !resendAlterQueue
    const maySend = this.#spilling === undefined || isHeldUp
    const hasLive = this.queue.head !== undefined && maySend
    if (!resendAlterQueue) {
      if (hasCached) return 'cache'
      return hasLive && cache.isEmpty ? 'queue' : undefined
    }
    if (!hasCached || !hasLive) return hasCached ? 'cache' : hasLive ? 'queue' : undefined
    if (resendPriority !== 0) return resendPriority > 0 ? 'cache' : 'queue'
    this.#isCachesTurn = !this.#isCachesTurn
    return this.#isCachesTurn ? 'cache' : 'queue'
  }

  async #sendHead(cache: ActionCache): Promise<void> {
    const head = this.queue.head
    if (head === undefined) return
    this.#isFlying = true
    const { done, error } = await this.options.sender.send({ ...head, epoch: this.options.epoch })
    this.#isFlying = false
    this.#isDown = error !== undefined
    if (done === 0) return
    this.#sentTo = head.first + done - 1
    // It may have gone to disk meanwhile, with those behind it.
    if (this.queue.head === head) this.queue.passed(done)
    else await this.#skipSent(cache)
  }

  async #resend(cache: ActionCache): Promise<void> {
    const { sender, cache: options } = this.options
    const page = await cache.page()
    if (page === undefined) return
    const { done, error } = await sender.send(resent(page, options))
    this.#isDown = error !== undefined
    this.#resent += done
    await cache.sent(page, done)
    const pause = options.resendIntervalMs
    if (pause === 0 || error !== undefined) return
    this.#resendAt = performance.now() + pause
    clearTimeout(this.#resendTimer)
    this.#resendTimer = setTimeout(() => this.#wake.resolve(), pause + 2)
  }

  /** Writes what waits to disk, as long as something does. */
  #spill(): void {
    const cache = this.#cache
    if (cache === undefined || this.#spilling !== undefined || this.#isClosing) return
    this.#spilling = this.#spillAll(cache)
      .catch((error: Error) => this.options.context.logger.error(error.message))
      .finally(() => {
        this.#spilling = undefined
        this.#wake.resolve()
        this.options.onProgress()
      })
  }

  async #spillAll(cache: ActionCache): Promise<void> {
    const { cache: options } = this.options
    for (;;) {
      // Out of order it needs not go with the others: what is being sent stays.
      const from = options.resendAlterQueue && this.#isFlying ? 1 : 0
      const group = this.queue.group(from, GROUP_BYTES)
      const count = group.reduce((sum, item) => sum + item.count, 0)
      if (count === 0) return
      if (options.cacheFullPolicy === 'dropOldest') cache.makeRoom(count)
      else if (cache.isFull) return
      await this.#append(cache, group)
      this.options.onProgress()
      this.#wake.resolve()
    }
  }

  async #append(cache: ActionCache, group: readonly Emission[]): Promise<void> {
    this.#isBeginning = cache.isEmpty
    try {
      await cache.append(group)
    } finally {
      this.#isBeginning = false
    }
    this.queue.remove(group)
    await this.#skipSent(cache)
  }

  /** What was sent while it was written is not sent again. Out of order what is being sent is never written. */
  async #skipSent(cache: ActionCache): Promise<void> {
    if (!this.options.cache.resendAlterQueue) await cache.sentTo(this.#sentTo)
  }

  async #saveRest(cache: ActionCache): Promise<void> {
    await this.#spilling
    const group = this.queue.group(0, Number.POSITIVE_INFINITY)
    if (group.length === 0) return
    await this.#append(cache, group)
  }
}
