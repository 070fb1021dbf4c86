import { Backoff, type BackoffConfig, sleepFor } from './backoff.ts'
import { ObjectSourceError, saysRetry, textOf } from './errors.ts'
import { OffsetManager } from './offset-manager.ts'
import { type Position, Progress, positionsOf } from './progress.ts'
import type { ResumableIterator, SourceRecord } from './record.ts'
import { QueuedMarks, type QueueItem, RecordQueue } from './record-queue.ts'
import type { SourceCommonConfig } from './source-config.ts'
import type { TaskContext } from './task-context.ts'
import type { TaskSetup } from './task-setup.ts'

type Props = Readonly<Record<string, unknown>>

/**
 * A source over a store, of three methods: `configure`, `getIterator`, `closeResources`. Reads in the background into a
 * queue of twice `max.poll.records`; whoever polls takes from there. `taskSource` makes a source of Plutino of it.
 */
export abstract class AbstractSourceTask<C extends SourceCommonConfig = SourceCommonConfig> {
  /** For the wait of a poll, and under every other wait. */
  static readonly MAX_POLL_TIME_MS = 4000
  static readonly CLOSE_TIMEOUT_MS = 5000
  #config: C | undefined
  #setup: TaskSetup | undefined
  #context: TaskContext | undefined
  #progress: Progress | undefined
  #positions: readonly Position[] = []
  #passed: readonly Position[] = []
  #queue = new RecordQueue(1, 1)
  #iterator: ResumableIterator<SourceRecord> | undefined
  #abort = new AbortController()
  #pumping: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #state: 'new' | 'running' | 'stopped' = 'new'
  #closed: Promise<void> | undefined
  #pollBackoff: Backoff | undefined
  #taken = 0

  /** Checks the properties. Called once, before all else; what it throws refuses the rule. */
  protected abstract configure(props: Props): C | Promise<C>

  /**
   * Connects, and gives the iterator. Called once in a life, and again after a rewind.
   *
   * @param backoff for a back-off of its own; it may use none
   */
  protected abstract getIterator(
    backoff: BackoffConfig,
  ): ResumableIterator<SourceRecord> | Promise<ResumableIterator<SourceRecord>>

  /** Lets go of everything. Called once, after the last row, also when the start failed. @param signal aborts after 5 s */
  protected abstract closeResources(signal: AbortSignal): void | Promise<void>

  /** Of the life in hand; there from `getIterator` on. */
  protected get context(): TaskContext {
    if (this.#context !== undefined) return this.#context
    throw new ObjectSourceError('state', 'the task has not started')
  }

  /** What `configure` gave. */
  protected get config(): C {
    if (this.#config !== undefined) return this.#config
    throw new ObjectSourceError('state', 'the task is not configured')
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** For loops within an iterator: false from the moment the task is stopped. */
  protected stillPolling(): boolean {
    return this.#state === 'running' && !this.#abort.signal.aborted
  }

  /** Only `configure`; `start` does it where it was not done. */
  async prepare(props: Props): Promise<void> {
    this.#config = await this.configure(props)
  }

  /** Starts reading. What was opened is closed again when it fails. */
  async start(setup: TaskSetup, props: Props = {}): Promise<void> {
    if (this.#state !== 'new') throw new ObjectSourceError('state', 'the task was started before')
    this.#state = 'running'
    this.#setup = setup
    try {
      if (this.#config === undefined) await this.prepare(props)
      const { maxPollRecords = 1, maxQueueBytes = 1 } = this.#config ?? {}
      this.#queue = new RecordQueue(maxPollRecords * 2, maxQueueBytes)
      await this.#begin()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /**
   * Up to `max.poll.records` records, without waiting where there are some.
   *
   * @returns null when there are none for now, after a wait of at most 4 s, and when the task was stopped
   * @throws ObjectSourceError `reading-failed` with its `cause`, once all that was read before was taken
   */
  async poll(): Promise<SourceRecord[] | null> {
    if (!this.isRunning) return null
    const records = this.#drain()
    if (records.length > 0) return records
    this.#throwFailure()
    const { signal } = this.#abort
    const waiting = new AbortController()
    const within = AbortSignal.any([signal, waiting.signal])
    const filled = this.#queue.filled(within)
    await Promise.race([filled, this.#pollBackoff?.cleanDelay(within)])
    waiting.abort()
    if (!this.isRunning) return null
    const late = this.#drain()
    if (late.length > 0) return late
    return null
  }

  /**
   * One record after the other, for whoever hands them on: it counts as taken when the next one is asked for.
   *
   * @returns `undefined` when nothing is queued
   */
  takeRecord(): SourceRecord | undefined {
    for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) {
      const record = this.#accept(item)
      if (record !== undefined) return record
    }
    this.flush()
    return undefined
  }

  /** The next record, if it is the very next thing, and `joins` those that were taken: they are handed on together. */
  takeAlong(joins: (record: SourceRecord) => boolean): SourceRecord | undefined {
    const item = this.#queue.peek()
    if (item === undefined || item instanceof QueuedMarks || !joins(item)) return undefined
    this.#queue.shift()
    this.#taken++
    this.#progress?.join(item)
    return item
  }

  /** Puts into the state what was taken; before anything is awaited. */
  flush(): void {
    this.#progress?.flush()
  }

  /** Resolves when something is queued or nothing will be any more. @throws like `poll` */
  async waitForRecords(): Promise<void> {
    if (!this.#queue.isEmpty || !this.isRunning) return
    this.#throwFailure()
    await this.#queue.filled(this.#abort.signal)
    if (this.#queue.isEmpty && this.isRunning) this.#throwFailure()
  }

  /** Where to go on after what was taken; small and JSON. */
  getOffset(): unknown {
    // Before the start: where it will go on. Another instance's tuples may carry it before there are any of its own.
    if (this.#progress === undefined && this.#positions.length > 0) return this.#positions
    return this.#progress?.position()
  }

  /**
   * Goes on from there; also while it runs: what was read ahead is dropped.
   *
   * @param since offsets of what was taken before and is newer than the state, of every 32nd record at least
   */
  async rewind(offset: unknown, since: readonly unknown[] = []): Promise<void> {
    this.#positions = positionsOf(offset)
    this.#passed = positionsOf(since.flat())
    if (!this.isRunning || this.#setup === undefined) return
    const old = this.#abort
    this.#abort = new AbortController()
    old.abort()
    this.#queue.clear()
    await this.#pumping
    await this.#iterator?.[Symbol.asyncDispose]?.()
    this.#queue.clear()
    this.#failure = undefined
    await this.#begin()
  }

  /** Reads no further; what is queued can still be taken by `takeRecord`. */
  halt(): void {
    this.#state = 'stopped'
    this.#abort.abort()
  }

  /** Halts, and closes without waiting for it. */
  stop(): void {
    this.halt()
    void this.close()
  }

  /**
   * Halts, waits for what is under way, and lets go; once.
   *
   * @param deliver hands over what is queued, before resources are closed
   * @returns after 5 s at the latest
   */
  close(deliver?: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.halt()
    this.#closed ??= this.#shutDown(deliver)
    return this.#closed
  }

  async #shutDown(deliver: ((signal: AbortSignal) => Promise<void>) | undefined): Promise<void> {
    const logger = this.#setup?.logger
    const timeout = AbstractSourceTask.CLOSE_TIMEOUT_MS
    const deadline = new AbortController()
    const steps = async () => {
      // Whatever does not come back must not keep resources from being closed.
      await this.#within(timeout * 0.3, async () => {
        await this.#pumping
        await this.#iterator?.[Symbol.asyncDispose]?.()
      })
      await this.#within(timeout * 0.4, async (signal) => {
        await deliver?.(signal)
      })
      await this.closeResources(deadline.signal)
    }
    const isDone = await this.#within(timeout, async (signal) => {
      signal.addEventListener('abort', () => deadline.abort(), { once: true })
      await steps()
    })
    if (!isDone) logger?.error(`not closed within ${timeout} ms; left to itself`)
  }

  /** @returns whether the step came to its end, or failed, in time */
  async #within(ms: number, step: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { sleep = sleepFor, logger } = this.#setup ?? {}
    const late = new AbortController()
    const done = new AbortController()
    const timer = sleep(ms, done.signal).then(
      () => {
        late.abort()
        return false
      },
      () => true,
    )
    const stepped = step(late.signal).then(
      () => true,
      (error: unknown) => {
        logger?.error(`closing: ${textOf(error)}`)
        return true
      },
    )
    const inTime = await Promise.race([stepped, timer])
    done.abort()
    return inTime
  }

  /** Everything that belongs to one life: from the start, or from a rewind, on. */
  async #begin(): Promise<void> {
    const setup = this.#setup
    const config = this.#config
    if (setup === undefined || config === undefined) return
    const { logger, state, powers } = setup
    const { now = Date.now, random = Math.random, sleep = sleepFor } = setup
    const { taskId = config.taskId, tasks = config.tasksMax } = setup
    const progress = new Progress(
      {
        state,
        prefix: setup.prefix ?? 'object-source',
        by: config.distributionType,
        of: tasks,
        task: taskId,
        ringBufferSize: config.ringBufferSize,
        warn: (text) => logger.warn(text),
      },
      this.#positions,
      this.#passed,
    )
    this.#progress = progress
    const { resume } = progress
    const offsetManager = new OffsetManager(progress)
    const { signal } = this.#abort
    const time = { now, random, sleep }
    const context = { signal, logger, powers, offsetManager, resume, taskId, tasks, ...time }
    this.#context = context
    const always: BackoffConfig = {
      timeRemaining: () => AbstractSourceTask.MAX_POLL_TIME_MS,
      abort: () => {},
      applyTimerRule: false,
    }
    this.#pollBackoff = new Backoff(always, context)
    const iterator = await this.getIterator(always)
    this.#iterator = iterator
    if (setup.takesLines === true) iterator.useLines?.()
    this.#pumping = this.#pump(iterator, new Backoff(always, context), signal)
  }

  async #pump(
    iterator: ResumableIterator<SourceRecord>,
    backoff: Backoff,
    signal: AbortSignal,
  ): Promise<void> {
    const queue = this.#queue
    while (!signal.aborted) {
      if (queue.isFull) {
        this.#setup?.logger.debug('no room in the queue; waiting for the rule')
        await queue.room(signal)
        continue
      }
      try {
        const asked = iterator.hasNext()
        const found = typeof asked === 'boolean' ? asked : await asked
        const marks = iterator.takeMarks?.()
        if (marks !== undefined && marks.length > 0 && !signal.aborted) {
          queue.push(new QueuedMarks(marks))
        }
        if (!found) {
          this.#setup?.logger.debug('no records; waiting')
          await backoff.cleanDelay(signal)
          continue
        }
        if (!backoff.isFresh) backoff.reset()
        const next = iterator.next()
        const record = isPromise(next) ? await next : next
        if (signal.aborted) return
        queue.push(record)
        while (!queue.isFull) {
          const more = iterator.takeReady?.()
          if (more === undefined) break
          queue.push(more)
        }
      } catch (error) {
        if (signal.aborted) return
        if (!saysRetry(error)) {
          this.#failure = { error }
          // Wakes whoever waits for records.
          queue.push(new QueuedMarks([]))
          return
        }
        this.#setup?.logger.warn(`reading: ${textOf(error)}; it is tried again`)
        await backoff.cleanDelay(signal)
      }
    }
  }

  #drain(): SourceRecord[] {
    const records: SourceRecord[] = []
    const most = this.#config?.maxPollRecords ?? 1
    while (records.length < most) {
      const item = this.#queue.shift()
      if (item === undefined) break
      const record = this.#accept(item)
      if (record !== undefined) records.push(record)
    }
    this.flush()
    if (records.length > 0) this.#pollBackoff?.reset()
    return records
  }

  /** From now on the record counts: an offset that is taken goes on behind it. */
  #accept(item: QueueItem): SourceRecord | undefined {
    if (item instanceof QueuedMarks) {
      for (const mark of item.marks) {
        if (mark === 'settled') this.#progress?.settle()
        else {
          this.#progress?.end(mark)
          this.#context?.offsetManager.remove({ getPartitionMap: () => mark.sourcePartition })
        }
      }
      return undefined
    }
    this.#taken++
    this.#progress?.accept(item)
    if (this.#iterator?.takeMarks === undefined) this.#context?.offsetManager.remove(item)
    return item
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return
    const { error: cause } = this.#failure
    throw new ObjectSourceError(
      'reading-failed',
      `reading failed after ${this.#taken} records: ${textOf(cause)}`,
      { cause },
    )
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown }).then === 'function'
}
