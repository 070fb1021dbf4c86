import type { Batch, Output } from '#src/operators/operator.ts'

export interface BorderQueueOptions<W extends Batch> {
  /** Waits for what the batch needs and sends it on. What it throws is a fault of the engine. */
  readonly work: (waiting: W) => Promise<void>
  readonly output: () => Output
  /** Told when rows have left. */
  readonly left: () => void
  /** Rows that may wait before `room` asks for a pause. @default 4096 */
  readonly maxRows?: number | undefined
}

/** What a stage border keeps in order: batches that wait, and between them the time. */
export class BorderQueue<W extends Batch> {
  readonly #options: BorderQueueOptions<W>
  readonly #maxRows: number
  readonly #queue: (W | { readonly advance: number })[] = []
  #waitingRows = 0
  #draining: Promise<void> | undefined
  /** What the operators behind threw: told to whoever comes next. */
  #fault: { readonly error: unknown } | undefined
  #room: PromiseWithResolvers<void> | undefined

  constructor(options: BorderQueueOptions<W>) {
    this.#options = options
    this.#maxRows = options.maxRows ?? 4096
  }

  /** Something waits: what comes now has to wait behind it. */
  get isBusy(): boolean {
    return this.#draining !== undefined
  }

  push(waiting: W): void {
    this.#queue.push(waiting)
    this.#waitingRows += waiting.rows.length
    this.#draining ??= this.#drain()
  }

  advance(time: number): void {
    if (this.isBusy) this.#queue.push({ advance: time })
    else this.#options.output().advance(time)
  }

  /** Pending while too many rows wait. */
  room(): Promise<void> | undefined {
    this.check()
    if (this.#waitingRows < this.#maxRows) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** Pending while anything waits. */
  idle(): Promise<void> | undefined {
    this.check()
    return this.#draining
  }

  /** @throws the fault of whatever waited before */
  check(): void {
    if (this.#fault !== undefined) throw this.#fault.error
  }

  async #drain(): Promise<void> {
    const { work, output, left } = this.#options
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        if ('advance' in next) output().advance(next.advance)
        else {
          await work(next)
          this.#waitingRows -= next.rows.length
          this.#makeRoom()
        }
        this.#queue.shift()
        left()
      }
    } catch (error) {
      this.#fault = { error }
    }
    this.#draining = undefined
    this.#makeRoom()
  }

  #makeRoom(): void {
    if (this.#room === undefined) return
    if (this.#fault === undefined && this.#waitingRows >= this.#maxRows) return
    this.#room.resolve()
    this.#room = undefined
  }
}
