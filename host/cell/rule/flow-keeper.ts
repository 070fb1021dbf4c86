import type { Logger } from '@plutino/sdk'
import type { Range } from '#src/worker/protocol.ts'
import type { Death, RefusedPower, RuleSpec, StoredCheckpoint } from '../cell.ts'
import { CellError } from '../cell.ts'
import type { Quotas } from '../facades/files/quota.ts'
import { FlowFacades } from '../facades/flow-facades.ts'
import { stateMs } from '../patience.ts'
import { OffenceError, type Serve } from '../workers/guarded-endpoint.ts'
import type { RulePool } from '../workers/pool.ts'
import type { Watchdog } from '../workers/watchdog.ts'
import { type Ending, WorkerHandle } from '../workers/worker-handle.ts'
import { BackOff, deathStrategy } from './back-off.ts'
import { until, within } from './deadline.ts'
import { Feeder } from './feeder.ts'
import { FlowFigures } from './flow-figures.ts'
import type { RuleSinks } from './rule-sinks.ts'
import type { Resets, RuleSources } from './rule-sources.ts'
import type { Suspects } from './suspicion.ts'
import { WakeTimer } from './timer.ts'
import { WorkerLimits } from './worker-limits.ts'
import { copyOf, ruleParams } from './worker-params.ts'

export interface FlowKeeperOptions {
  /** In which the sinks' payloads count. */
  readonly numbering: string
  readonly rule: RuleSpec
  readonly pool: RulePool
  readonly watchdog: Watchdog
  readonly sources: RuleSources
  readonly sinks: RuleSinks
  readonly logger: Logger
  /** By source: what was in hand when an earlier life of the host ended. */
  readonly suspects?: readonly Suspects[] | undefined
  /** What the worker may ask of the host. */
  methods(): ReadonlyMap<string, Serve>
  /** Where a successor goes on: known when no commit is under way any more. */
  lastCheckpoint(): Promise<StoredCheckpoint | undefined>
  /** `restartMs`: until its successor starts; `undefined`: there will be none. */
  onDeath(reason: string, restartMs: number | undefined): void
  onRestarted(): void
  onStuck(reason: string): void
  /** The successor could not open the flow, although it lives. */
  onOpenFailed(error: Error): void
  /** All sources have ended and everything was emitted. */
  onDone(): void
  onSetAside(source: number, frame: Range): void
  /** What is used of private folders. */
  readonly quotas?: Quotas | undefined
  /** A plugin reached for what it was not granted. */
  onRefused?: ((refusal: RefusedPower) => void) | undefined
}

const MAX_DEATHS = 10
const SETTLE_MS = 5000

/**
 * Keeps a worker for one flow: starts it, feeds it, and starts its successor after its thread's exit, from the last
 * committed checkpoint and with everything that was not acknowledged.
 */
export class FlowKeeper {
  readonly figures = new FlowFigures()
  readonly feeder: Feeder
  readonly deaths: Death[] = []
  readonly limits: WorkerLimits
  restarts = 0
  /** Of the last checkpoint. */
  stateBytes = 0
  /** What of the checkpoint that the rule began with fits nothing any more. */
  droppedState: readonly string[] = []
  /** The numbers of the sources that go on from where an operator says. */
  resettable: readonly number[] = []
  cpuMs = 0
  readonly #options: FlowKeeperOptions
  #rule: RuleSpec
  #pool: RulePool
  /** An upgrade is under way: ends of workers are its own. */
  #isSwapping = false
  readonly #timer = new WakeTimer(() => this.feeder.tick())
  readonly #backOff = new BackOff(deathStrategy)
  #handle: WorkerHandle | undefined
  #restart: NodeJS.Timeout | undefined
  /** Starts of successors go one after the other: each has the sources to itself. */
  #starting: Promise<void> = Promise.resolve()
  /** Of the start that counts: one that was asked for later takes the place of one on its way. */
  #startNumber = 0
  #plannedMs: number | undefined
  #isBlocked = false
  #isKept = false
  #isClosing = false
  /** Its last worker was ended before `close`. */
  #cut: Promise<Ending> | undefined

  constructor(options: FlowKeeperOptions) {
    this.#options = options
    this.#rule = options.rule
    this.#pool = options.pool
    this.limits = new WorkerLimits({
      cpuLimit: options.rule.options.cpuLimit,
      isFed: () => !this.feeder.isAnswered,
      feed: () => this.#feed(),
      kill: (reason, limit) => void this.#handle?.kill(reason, limit),
    })
    this.feeder = new Feeder({
      sources: options.sources.all,
      isLossless: options.rule.options.qos > 0,
      suspects: options.suspects,
      after: (index) => options.sources.after(index),
      mayFeed: () => this.#mayFeed(),
      onCollected: ({ emissions, counters, errors, wakeAt, done }) => {
        this.emit(() => options.sinks.accept(emissions))
        this.figures.add(counters, errors)
        this.limits.rowErrors(errors)
        this.#timer.set(wakeAt)
        if (done) options.onDone()
      },
      onFailure: (error) => void this.#handle?.kill(error.message),
      onSetAside: (source, frame) => {
        this.#backOff.reset()
        options.onSetAside(source, frame)
      },
    })
  }

  get handle(): WorkerHandle | undefined {
    return this.#handle
  }

  get memoryBytes(): number {
    return this.#handle === undefined ? 0 : this.#options.watchdog.memoryOf(this.#handle)
  }

  /** The first start: from the rule's checkpoint. A worker that dies before the flow is open has no successor. */
  async start(): Promise<void> {
    const { rule, sinks } = this.#options
    await this.#connect(rule.checkpoint, sinks.positions())
    this.#isKept = true
  }

  /** The sinks have come further: goes on feeding if it was they who held it up. */
  progress(): void {
    if (!this.#isBlocked || this.#options.sinks.isFull) return
    this.#isBlocked = false
    this.#feed()
  }

  /** A wrong number in an emission is an offence, and the end of this life. */
  emit(work: () => void, wakeAt: number | null = null): void {
    this.#timer.hasten(wakeAt)
    try {
      work()
    } catch (error) {
      if (!(error instanceof OffenceError)) throw error
      void this.#handle?.kill(`the worker broke the protocol: ${error.message}`)
    }
  }

  /** The worker comes on with its rows. */
  beat(): void {
    if (this.#handle !== undefined) this.#options.watchdog.beat(this.#handle)
  }

  /** A successor is to start already: what fails now is seen to by that start. */
  get awaitsRestart(): boolean {
    return this.#plannedMs !== undefined || this.#restart !== undefined
  }

  /** Ends the worker; its successor starts after so many ms. */
  restartIn(ms: number, reason: string): void {
    this.#plannedMs = ms
    if (this.#handle !== undefined) void this.#handle.dismiss(reason)
    else this.#startLater(ms)
  }

  /** What it runs: after an upgrade with other versions of its plugins. */
  get rule(): RuleSpec {
    return this.#rule
  }

  /** All that was sent is answered. */
  get isAnswered(): boolean {
    return this.#handle !== undefined && this.feeder.isAnswered
  }

  /** Ends a pause. */
  goOn(): void {
    this.feeder.resume()
    this.feeder.tick()
  }

  /** The worker goes, in order if it can, and has no successor before `enter`. */
  async leave(): Promise<void> {
    const handle = this.#handle
    this.#isSwapping = true
    this.#handle = undefined
    this.limits.cpu.end()
    this.#timer.set(null)
    this.feeder.disconnect()
    await handle?.close()
    void this.#pool.destroy()
  }

  /** Its place is taken by another one, which goes on from a state that was taken while nothing was under way. */
  async enter(
    rule: RuleSpec,
    pool: RulePool,
    state: StoredCheckpoint | undefined,
    resets?: Resets | undefined,
  ): Promise<void> {
    const { sinks, sources } = this.#options
    this.#rule = rule
    this.#pool = pool
    if (this.#isClosing) throw new CellError('closed', 'it was stopped meanwhile')
    const positions = sinks.accepted()
    sinks.restart(positions)
    for (const index of await sources.reenter(state, resets)) this.feeder.renew(index)
    try {
      await this.#connect(state, positions, resets)
    } catch (error) {
      const handle = this.#handle
      this.#handle = undefined
      await handle?.kill('it did not open')
      throw error
    }
  }

  /** After `leave` and `enter`: a worker that ends from now on has a successor again. */
  settle(): void {
    this.#isSwapping = false
    if (this.#isClosing) void this.#handle?.close()
    else if (this.#handle === undefined) this.#startLater(0)
  }

  /** What lingers before the sinks leaves now: nothing more will come. */
  async flush(): Promise<void> {
    const { rule, sinks } = this.#options
    const handle = this.#handle
    if (handle === undefined || !rule.plan.actions.some(({ encode }) => encode.batch)) return
    const flush = { source: 0, ranges: [], time: 0, end: false, metas: [], flush: true }
    const { emissions } = await within(handle.collect([flush]), SETTLE_MS, 'flushing batches')
    this.emit(() => sinks.accept(emissions))
    await until(() => sinks.isIdle || this.#isClosing, SETTLE_MS)
  }

  /** Nothing goes to the worker any more. */
  pause(): void {
    this.feeder.pause()
    this.#timer.set(null)
  }

  /** Before `close`, or while that waits: the worker goes as it is, and has no successor. */
  cut(reason: string): void {
    this.#isClosing = true
    this.#cut = this.#handle?.dismiss(reason)
  }

  /** The last life ends, in order. @returns 'stuck' when its thread cannot be ended */
  async close(): Promise<'ended' | 'stuck'> {
    this.#isClosing = true
    clearTimeout(this.#restart)
    this.pause()
    const ending = await (this.#cut ?? this.#handle?.close())
    void this.#pool.destroy()
    this.feeder.close()
    return ending?.isStuck === true ? 'stuck' : 'ended'
  }

  /** What held it up is over. The time that the flow wanted to be told may have passed meanwhile. */
  #feed(): void {
    this.feeder.feed()
    this.feeder.tick()
  }

  #mayFeed(): boolean {
    if (this.limits.cpu.isOver) return false
    if (!this.#options.sinks.isFull) return true
    this.#isBlocked = true
    return false
  }

  async #connect(
    checkpoint: StoredCheckpoint | undefined,
    positions: number[],
    resets?: Resets | undefined,
  ): Promise<void> {
    const { watchdog, methods, logger, sources, sinks } = this.#options
    const rule = this.#rule
    const facades = new FlowFacades({
      rule,
      quotas: this.#options.quotas,
      refused: (refusal) => this.#options.onRefused?.(refusal),
      onOffence: (reason, limit) => void handle.kill(reason, limit),
      onLimit: (limit, plugin) => this.limits.add(limit, 1, plugin),
    })
    const handle = new WorkerHandle({
      pool: this.#pool,
      rule: rule.rule,
      sources: rule.plan.sources.length,
      actions: rule.plan.actions.length,
      methods: methods(),
      facades,
    })
    this.#handle = handle
    if (rule.plugins.length > 0 || rule.options.cpuLimit) this.limits.cpu.begin(handle.worker)
    let isOpening = true
    const restored = checkpoint?.state.byteLength ?? 0
    const patienceMs = () =>
      isOpening ? stateMs(restored, 'read') : stateMs(this.stateBytes, 'written')
    watchdog.watch({ handle, memoryLimitBytes: rule.options.memoryLimitBytes, patienceMs })
    void handle.ended.then((ending) => this.#ended(handle, ending))
    const opened = await handle.open({
      ...ruleParams(rule),
      facades: facades.links,
      state: checkpoint === undefined ? undefined : copyOf(checkpoint.state),
      ...(await sources.places(checkpoint)),
      resets: resets && sources.resets(resets, checkpoint),
      positions,
      numbering: this.#options.numbering,
      startedAt: Date.now(),
    })
    isOpening = false
    this.resettable = opened.resettable ?? []
    if (opened.dropped.length > 0) this.droppedState = opened.dropped
    for (const name of opened.dropped) {
      logger.warn(`the state of ${name} in the checkpoint fits nothing any more`)
    }
    this.figures.begin(await handle.metrics())
    this.#timer.set(opened.wakeAt)
    sinks.connect(handle, () => this.feeder.isAnswered)
    this.feeder.connect((feeds) => handle.collect(feeds))
  }

  #ended(handle: WorkerHandle, { reason, isStuck, limit, isDismissed }: Ending): void {
    if (handle !== this.#handle) return
    this.#handle = undefined
    this.#timer.set(null)
    this.feeder.disconnect(isDismissed)
    if (this.#isClosing || this.#isSwapping) return
    if (limit !== undefined) this.limits.add(limit)
    this.deaths.push({ at: Date.now(), reason, ...(limit !== undefined && { limit }) })
    if (this.deaths.length > MAX_DEATHS) this.deaths.shift()
    if (isStuck) this.#options.onStuck(reason)
    else if (this.#isKept) {
      const ms = this.#plannedMs ?? this.#backOff.next() ?? 0
      this.#options.onDeath(reason, ms)
      this.#startLater(ms)
    } else this.#options.onDeath(reason, undefined)
  }

  #goBack(checkpoint: StoredCheckpoint | undefined): void {
    const { sources } = this.#options
    for (const index of sources.all.keys()) {
      const after = sources.after(index, checkpoint)
      if (after !== undefined) this.feeder.rewindTo(index, after)
    }
  }

  #startLater(ms: number): void {
    this.#plannedMs = undefined
    clearTimeout(this.#restart)
    const number = ++this.#startNumber
    this.#restart = setTimeout(() => {
      this.#restart = undefined
      this.#starting = this.#starting.then(() => this.#again(number))
    }, ms)
  }

  /** Never rejects. */
  async #again(number: number): Promise<void> {
    const { rule, sources, sinks, lastCheckpoint, onRestarted, onOpenFailed } = this.#options
    const isOver = () => this.#isClosing || number !== this.#startNumber
    const checkpoint = await lastCheckpoint()
    if (isOver()) return
    const replays = rule.options.qos > 0 && sources.canReplay(checkpoint)
    const empty = sinks.accepted().map(() => 0)
    const positions = replays ? [...(checkpoint?.positions ?? empty)] : sinks.accepted()
    let hasWorker = false
    try {
      sinks.restart(positions)
      if (rule.options.qos > 0) {
        for (const index of await sources.replay(checkpoint)) this.feeder.renew(index)
        // What the last life's plugins have written is to be in the spool before the next one asks where to go on.
        await within(sources.settled(), SETTLE_MS, 'writing the spool').catch(() => {})
        if (replays) this.#goBack(checkpoint)
      }
      await sources.recover()
      if (isOver()) return
      this.restarts++
      hasWorker = true
      await this.#connect(checkpoint, positions)
      onRestarted()
    } catch (error) {
      // A death on the way has its own successor; sources that cannot go on have none.
      if (isOver() || (hasWorker && this.#handle === undefined)) return
      onOpenFailed(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
