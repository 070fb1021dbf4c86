import type { Worker } from 'node:worker_threads'

export interface CpuShareOptions {
  /** Of one core; 0: without. */
  readonly limit: number
  /** It has not yet acknowledged what it was given: no wonder that it works. */
  isFed(): boolean
  /** It is over its limit, and should be given nothing more to do for now. */
  onOver(share: number): void
  /** It may be given something again. */
  onRoom(): void
  /** Given nothing to do, it works on all the same. */
  onRunaway(share: number): void
}

const WINDOW_MS = 10_000
const LOOK_MS = 1000
/** The first look at a worker tells of its start. */
const LEAST_MS = 2000
/** What a worker was given is done within a window; who is over its limit for so long does it on its own. */
const RUNAWAY_MS = 2 * WINDOW_MS

interface Sample {
  readonly at: number
  readonly cpuMs: number
}

/**
 * The processor time of a worker over the last ten seconds. Busy is not guilty: a rule without a limit may use a core, and
 * one over its limit is fed more slowly. It is ended only when it goes on without being fed.
 */
export class CpuShare {
  readonly #options: CpuShareOptions
  #samples: Sample[] = []
  #timer: NodeJS.Timeout | undefined
  #overSince: number | undefined

  constructor(options: CpuShareOptions) {
    this.#options = options
  }

  get isOver(): boolean {
    return this.#overSince !== undefined
  }

  /** 1: one core, all of the time. */
  get share(): number {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return 0
    return (last.cpuMs - first.cpuMs) / (last.at - first.at)
  }

  begin(worker: Worker): void {
    this.end()
    this.#timer = setInterval(() => this.#look(worker), LOOK_MS).unref()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#samples = []
    this.#overSince = undefined
  }

  #look(worker: Worker): void {
    const timer = this.#timer
    worker.cpuUsage().then(
      ({ user, system }) => {
        if (timer === this.#timer && timer !== undefined) this.#take((user + system) / 1000)
      },
      // The thread is gone or going: its exit says so.
      () => {},
    )
  }

  #take(cpuMs: number): void {
    const { limit, isFed, onOver, onRoom, onRunaway } = this.#options
    const at = performance.now()
    this.#samples.push({ at, cpuMs })
    while ((this.#samples[1]?.at ?? at) < at - WINDOW_MS) this.#samples.shift()
    const { share } = this
    if (limit <= 0) return
    if (share <= limit) {
      if (this.#overSince === undefined) return
      this.#overSince = undefined
      onRoom()
    } else if (this.#overSince === undefined) {
      this.#overSince = at
      onOver(share)
    } else if (isFed()) this.#overSince = at
    else if (at - this.#overSince > RUNAWAY_MS) onRunaway(share)
  }
}
