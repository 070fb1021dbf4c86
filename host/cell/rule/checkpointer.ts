import type { Snapshot } from '#src/worker/protocol.ts'
import { CellError, type CommittedCheckpoint, type StoredCheckpoint } from '../cell.ts'
import { whenLate } from '../patience.ts'

export interface CheckpointerOptions {
  readonly epoch: number
  readonly generation: string
  readonly streams: readonly string[]
  /** 0: only on demand. */
  readonly intervalMs: number
  readonly initial: StoredCheckpoint | undefined
  /** By source: what was read before the flow has seen anything, for sources with a spool. */
  readonly after?: ((source: number) => number | undefined) | undefined
  /** Much is kept that no checkpoint covers. */
  readonly isDue?: (() => boolean) | undefined
  /** @param isCut see `RuleWorker.checkpoint` */
  snapshot(isCut: boolean): Promise<Snapshot>
  /** By action. */
  acknowledged(): readonly number[]
  commit(checkpoint: StoredCheckpoint): Promise<void>
  onCommitted(checkpoint: StoredCheckpoint): void
  /** A newer start of the rule has taken over. */
  onStale(error: Error): void
}

interface Waiting {
  readonly checkpoint: StoredCheckpoint
  readonly pauseMs: number
  readonly done: PromiseWithResolvers<CommittedCheckpoint>
  isCommitting: boolean
}

/** Taken and not committed, at most: a sink that is down for long delays commits, and must not pile them up. */
const MAX_PENDING = 2
/** Between two that are taken before their time, at least. */
const HURRY_MS = 200
/** How often is looked whether one is due that nobody has asked for. */
const LOOK_MS = 1000

/**
 * Takes checkpoints at a pause and commits them later, in order: each when every action has acknowledged what had been
 * emitted by then. A sink that is down delays a commit and never falsifies it.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions
  readonly #pending: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  #last: StoredCheckpoint | undefined
  #skipped = 0
  #hurry: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined
  #taking: Promise<unknown> = Promise.resolve()
  /** The commit that is under way. */
  #committing: Promise<void> | undefined
  /** Of the worker: what an earlier one has said is not heard. */
  #life = 0
  #pauseMs = 0

  constructor(options: CheckpointerOptions) {
    this.#options = options
    this.#last = options.initial
  }

  /** The last one committed: where a successor of the worker goes on. */
  get last(): StoredCheckpoint | undefined {
    return this.#last
  }

  /** Not taken, or not committed, because something failed. */
  get skipped(): number {
    return this.#skipped
  }

  /**
   * As `last`, once the commit that is under way has come out: it may still win, and a successor that goes on before it
   * would meet the positions of a checkpoint that it does not have.
   */
  async settled(): Promise<StoredCheckpoint | undefined> {
    await this.#committing
    return this.#last
  }

  /** By name, for the rule's metrics. Ages and pauses in ms. */
  figures(): Record<string, number> {
    const oldest = this.#pending[0]?.checkpoint.at
    return {
      checkpoint_pending: this.#pending.length,
      checkpoint_oldest_pending_ms: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest),
      checkpoint_skipped_total: this.#skipped,
      checkpoint_pause_ms: this.#pauseMs,
    }
  }

  start(): void {
    const { intervalMs, isDue } = this.#options
    if (isDue !== undefined) {
      this.#look = setInterval(() => isDue() && this.hurry(), LOOK_MS)
      this.#look.unref()
      if (isDue()) this.hurry()
    }
    if (intervalMs <= 0) return
    this.#timer = setInterval(() => {
      if (this.#pending.length < MAX_PENDING) this.take().catch(() => {})
      else this.#skipped++
    }, intervalMs)
    this.#timer.unref()
  }

  /** One is due before its time, and again as long as `isDue` says so. */
  hurry(): void {
    if (this.#hurry !== undefined) return
    const look = () => {
      if (this.#options.isDue?.() !== true) {
        clearInterval(this.#hurry)
        this.#hurry = undefined
      } else if (this.#pending.length === 0) this.take().catch(() => {})
    }
    this.#hurry = setInterval(look, HURRY_MS)
    this.#hurry.unref()
    look()
  }

  /** Resolves when it is committed. */
  take(): Promise<CommittedCheckpoint> {
    const life = this.#life
    const taken = this.#taking.then(() => this.#take(life))
    this.#taking = taken.catch(() => {})
    return taken.then(({ done }) => done.promise)
  }

  /**
   * Lets batches that linger leave although they are not full. A replay would make them longer, under the same number, and
   * what was added would be left out: so a checkpoint is committed before that says where they were cut, and without it
   * they stay. No other one comes between.
   *
   * @param ms how long the commit may take
   */
  async cut(flush: () => Promise<void>, ms: number): Promise<void> {
    const life = this.#life
    const turn = this.#taking.then(async () => {
      const waiting = await this.#take(life, true)
      await waiting.done.promise.finally(whenLate(ms, () => this.#withdraw(waiting)))
      await flush()
    })
    this.#taking = turn.catch(() => {})
    await turn
  }

  /** An action has come further. */
  progress(): void {
    const [first] = this.#pending
    if (first === undefined || first.isCommitting) return
    const acknowledged = this.#options.acknowledged()
    const { positions } = first.checkpoint
    if (!positions.every((position, action) => (acknowledged[action] ?? 0) >= position)) return
    first.isCommitting = true
    this.#committing = this.#commit(first)
  }

  /** The worker is gone: what it has emitted since is not what its successor will. */
  abandon(): void {
    this.#life++
    for (const { done, isCommitting } of this.#pending.splice(0)) {
      if (!isCommitting) done.reject(new CellError('worker-died', 'the worker died meanwhile'))
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    clearInterval(this.#hurry)
    clearInterval(this.#look)
    this.abandon()
  }

  /** A commit that is under way comes out soon. */
  #withdraw(waiting: Waiting): void {
    if (waiting.isCommitting) return
    const at = this.#pending.indexOf(waiting)
    if (at >= 0) this.#pending.splice(at, 1)
    waiting.done.reject(new CellError('deadline', 'its sinks have not acknowledged in time'))
  }

  async #take(life: number, isCut = false): Promise<Waiting> {
    const { epoch, generation, streams, after } = this.#options
    const snapshot = await this.#options.snapshot(isCut).catch((error: unknown) => {
      this.#skipped++
      throw error
    })
    if (life !== this.#life) throw new CellError('worker-died', 'the worker died meanwhile')
    this.#pauseMs = snapshot.pauseMs
    const checkpoint: StoredCheckpoint = {
      epoch,
      at: Date.now(),
      state: new Uint8Array(snapshot.state),
      sources: streams.map((stream, index) => {
        const { sequence = 0, offset, skip } = snapshot.seen[index] ?? {}
        const place = { stream, sequence: Math.max(sequence, after?.(index) ?? 0), offset }
        return skip === undefined ? place : { ...place, skip }
      }),
      positions: snapshot.positions,
      generation,
    }
    const done = Promise.withResolvers<CommittedCheckpoint>()
    done.promise.catch(() => {})
    const waiting = { checkpoint, pauseMs: snapshot.pauseMs, done, isCommitting: false }
    this.#pending.push(waiting)
    this.progress()
    return waiting
  }

  async #commit({ checkpoint, pauseMs, done }: Waiting): Promise<void> {
    try {
      await this.#options.commit(checkpoint)
      this.#last = checkpoint
      this.#options.onCommitted(checkpoint)
      const { epoch, at, state } = checkpoint
      done.resolve({ epoch, at, bytes: state.byteLength, pauseMs })
    } catch (error) {
      this.#skipped++
      done.reject(error)
      if (error instanceof Error && 'code' in error && error.code === 'stale-epoch') {
        this.#options.onStale(error)
      }
    }
    if (this.#pending[0]?.checkpoint === checkpoint) this.#pending.shift()
    this.progress()
  }
}
