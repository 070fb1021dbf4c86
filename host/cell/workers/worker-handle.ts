import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { type Remote, transfer } from 'comlink'
import type {
  Collected,
  Delivered,
  Delivery,
  Feed,
  FlowMetrics,
  Opened,
  OpenParams,
  RuleWorker,
  Snapshot,
} from '#src/worker/protocol.ts'
import { CellError } from '../cell.ts'
import type { LimitName } from '../limits.ts'
import { whenLate } from '../patience.ts'
import { wrapWorker } from './comlink-client.ts'
import { endThread } from './end.ts'
import { GuardedEndpoint, OffenceError, type Serve } from './guarded-endpoint.ts'
import type { RulePool, RunningThread } from './pool.ts'
import { readCollected, readDelivered, readMetrics, readOpened, readSnapshot } from './results.ts'
import { textOf, WorkerFault } from './worker-fault.ts'

export interface HandleOptions {
  readonly pool: RulePool
  readonly rule: string
  readonly sources: number
  readonly actions: number
  /** What the worker may ask of the host. */
  readonly methods: ReadonlyMap<string, Serve>
  /** What its plugins may reach; revoked with the rest. */
  readonly facades?: { close(): void } | undefined
  readonly deadlines?: Partial<Deadlines> | undefined
}

/** ms. `collect` and `deliver` have none: as long as its event loop answers, a worker may wait for a sink. */
export interface Deadlines {
  readonly open: number
  readonly checkpoint: number
  readonly metrics: number
  readonly close: number
  readonly stuck: number
}

const defaults: Deadlines = {
  open: 35_000,
  checkpoint: 10_000,
  metrics: 5000,
  close: 5000,
  stuck: 2000,
}

/** ms for what was said before an orderly end to arrive. */
const LAST_WORDS_MS = 200

/** One worker carries one flow today. */
const FLOW = 1

interface Pending {
  readonly since: number
  /** It waits for something outside of the worker. */
  readonly isPatient: boolean
  reject(reason: unknown): void
}

/** How a worker's life ended. */
export interface Ending {
  readonly reason: string
  /** The thread is still there, in native code. */
  readonly isStuck: boolean
  /** What it had too much of, if that is why. */
  readonly limit?: LimitName | undefined
  /** The host has let it go: nothing that it had in hand is to blame. */
  readonly isDismissed?: boolean | undefined
}

/**
 * The host's side of one worker's life. Every call fails when the thread exits, answers are checked for their shape, and
 * the first wrong one ends the worker.
 */
export class WorkerHandle {
  readonly worker: Worker
  /** Resolves once, when the thread is gone or cannot be ended. Dead means this, and not a failed call. */
  readonly ended: Promise<Ending>
  readonly #options: HandleOptions
  readonly #deadlines: Deadlines
  readonly #thread: RunningThread
  readonly #control: MessagePort
  readonly #endpoint: GuardedEndpoint
  readonly #collect: Remote<RuleWorker>['collect']
  readonly #remote: Remote<RuleWorker>
  readonly #pending = new Set<Pending>()
  readonly #settleEnded: (ending: Ending) => void
  #reason: string | undefined
  #limit: LimitName | undefined
  #isDismissed = false
  #isOver = false
  #isClosing = false
  #hasAnswered = false

  constructor(options: HandleOptions) {
    this.#options = options
    this.#deadlines = { ...defaults, ...options.deadlines }
    const control = new MessageChannel()
    const calls = new MessageChannel()
    const ports = { control: control.port2, calls: calls.port2 }
    this.#thread = options.pool.start(ports, [control.port2, calls.port2])
    this.worker = this.#thread.worker
    this.#control = control.port1
    this.#remote = wrapWorker<RuleWorker>(control.port1)
    this.#collect = this.#remote.collect
    this.#endpoint = new GuardedEndpoint(calls.port1, {
      methods: options.methods,
      onOffence: (reason, limit) => this.kill(reason, limit),
    })
    const { promise, resolve } = Promise.withResolvers<Ending>()
    this.ended = promise
    this.#settleEnded = resolve
    this.#thread.task.then(
      () => {
        // in an end in order the task ends before its last words are heard
        if (!this.#isClosing) void this.kill('it ended its task')
      },
      (error: unknown) => {
        this.#reason ??= reasonOf(error)
        if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') this.#limit ??= 'memory'
      },
    )
    void this.#thread.exit.then((code) => this.#exited(code))
  }

  /** Its event loop has answered a call: it has booted. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** ms that the oldest call has been waiting for its answer, but for those that wait for what a sink sends to. */
  get waitingMs(): number {
    for (const { isPatient, since } of this.#pending) {
      if (!isPatient) return performance.now() - since
    }
    return 0
  }

  async open(params: OpenParams): Promise<Opened> {
    const ports = params.facades?.map(({ port }) => port) ?? []
    const move = params.state === undefined ? ports : [params.state, ...ports]
    const open = () => this.#remote.open(FLOW, transfer(params, move as Transferable[]))
    const value = this.#call(open, 'open')
    return this.#believe(await value, readOpened)
  }

  async collect(feeds: readonly Feed[]): Promise<Collected> {
    const move = feeds.flatMap(({ ranges }) => ranges.map(({ buffer }) => buffer))
    const value = await this.#call(() => this.#collect(FLOW, transfer(feeds, move)))
    return this.#believe(value, (result) => readCollected(result, this.#options.actions))
  }

  /** What came of it, or how far it is after a while. */
  async deliver(delivery: Delivery): Promise<Delivered> {
    const { count, buffer } = delivery
    const deliver = () => this.#remote.deliver(FLOW, transfer(delivery, [buffer]))
    const value = await this.#call(deliver, undefined, true)
    return this.#believe(value, (result) => readDelivered(result, count))
  }

  async checkpoint(isCut: boolean): Promise<Snapshot> {
    const { sources, actions } = this.#options
    const value = await this.#call(() => this.#remote.checkpoint(FLOW, isCut), 'checkpoint')
    return this.#believe(value, (result) => readSnapshot(result, sources, actions))
  }

  async metrics(): Promise<FlowMetrics> {
    const value = await this.#call(() => this.#remote.metrics(FLOW), 'metrics')
    return this.#believe(value, readMetrics)
  }

  async ping(): Promise<void> {
    await this.#call(() => this.#remote.ping())
  }

  /** An end in order: the plugins get to close. The thread goes afterwards in any case. */
  async close(): Promise<Ending> {
    this.#isClosing = true
    this.#isDismissed ||= this.#reason === undefined
    this.#reason ??= 'closed'
    await this.#call(() => this.#remote.close(FLOW), 'close').catch(() => {})
    // What it said on the other port before it answered is still to be heard: that port closes behind it.
    if (!this.#isOver) await this.#endpoint.closed(LAST_WORDS_MS)
    // First the pool: it would boot the next thread.
    void this.#options.pool.destroy()
    return this.kill('closed')
  }

  /** As `kill`, for a reason that nothing in its hands can have brought about. */
  dismiss(reason: string): Promise<Ending> {
    this.#isDismissed ||= this.#reason === undefined
    return this.kill(reason)
  }

  /** An end from outside: ports first, then the thread. @param limit what it had too much of */
  kill(reason: string, limit?: LimitName | undefined): Promise<Ending> {
    if (this.#reason === undefined) this.#limit = limit
    this.#reason ??= reason
    if (!this.#isOver) {
      this.#isOver = true
      this.#revoke()
      void endThread(this.#thread, this.#deadlines.stuck).then((how) => {
        if (how === 'stuck') this.#settleEnded(this.#ending(true))
      })
    }
    return this.ended
  }

  #exited(code: number): void {
    this.#isOver = true
    this.#reason ??= `its thread exited with code ${code}`
    this.#revoke()
    this.#settleEnded(this.#ending(false))
  }

  #ending(isStuck: boolean): Ending {
    const [limit, isDismissed] = [this.#limit, this.#isDismissed]
    return { reason: this.#reasonText(), isStuck, limit, isDismissed }
  }

  #revoke(): void {
    this.#control.close()
    this.#endpoint.close()
    this.#options.facades?.close()
    const error = new CellError(
      'worker-died',
      `rule "${this.#options.rule}": ${this.#reasonText()}`,
    )
    for (const pending of this.#pending) pending.reject(error)
    this.#pending.clear()
  }

  #reasonText(): string {
    return this.#reason ?? 'the worker died'
  }

  #call<T>(make: () => Promise<T>, method?: keyof Deadlines, isPatient = false): Promise<T> {
    const { rule } = this.#options
    if (this.#isOver) {
      return Promise.reject(new CellError('worker-died', `rule "${rule}": its worker is gone`))
    }
    return new Promise<T>((resolve, reject) => {
      const ms = method === undefined ? 0 : this.#deadlines[method]
      const late = () => {
        const text = `rule "${rule}": its worker did not answer "${method}" within ${ms} ms`
        this.#pending.delete(pending)
        reject(new CellError('deadline', text))
      }
      const stop = ms > 0 ? whenLate(ms, late) : () => {}
      const pending: Pending = {
        since: performance.now(),
        isPatient,
        reject: (error) => {
          // what the port owed never settles, and a timer left would hold the process
          stop()
          reject(error)
        },
      }
      this.#pending.add(pending)
      make()
        .then(resolve, (error: unknown) => reject(faultOf(error)))
        .finally(() => {
          this.#hasAnswered = true
          stop()
          this.#pending.delete(pending)
        })
    })
  }

  #believe<T>(value: unknown, read: (value: unknown) => T): T {
    try {
      return read(value)
    } catch (error) {
      const what = error instanceof OffenceError ? error.message : 'an answer that cannot be read'
      void this.kill(`the worker broke the protocol: ${what}`, 'protocol')
      throw new CellError('worker-died', `rule "${this.#options.rule}": ${what}`, { cause: error })
    }
  }
}

/** Whatever comlink rejects with is a fault of the worker's. */
function faultOf(error: unknown): WorkerFault {
  return error instanceof WorkerFault ? error : new WorkerFault('failed', reasonOf(error))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : error
  return textOf(message, 300) ?? 'the worker died'
}
