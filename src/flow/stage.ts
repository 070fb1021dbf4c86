import { BatchBuilder } from '#src/operators/batch-builder.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from '#src/operators/operator.ts'
import { BorderQueue } from './border-queue.ts'
import { type Answers, type Suspender, Suspension } from './suspension.ts'
import { within } from './within.ts'

export interface StageOptions {
  /** What becomes of a row; `undefined`: it is dropped. Left by a `Suspension` where it has to wait. */
  readonly step: (row: Row) => Row | undefined
  readonly suspender: Suspender
  /** A batch is an emission and stays together. */
  readonly perBatch: boolean
  /** Rows that may wait before `room` asks for a pause. @default 4096 */
  readonly maxRows?: number | undefined
  /** Rows of a batch that wait for answers at the same time. @default 64 */
  readonly maxCalls?: number | undefined
  /** How long one answer may take, ms. @default 5000 */
  readonly deadlineMs?: number | undefined
  /** Told when rows have left outside of a call of `push`. */
  readonly left: () => void
}

type Waiting = Batch & {
  readonly done: BatchBuilder
  readonly answers?: Answers | undefined
  /** What its first row waits for. */
  readonly first?: Suspension | undefined
}
type Outcome = { readonly row: Row | undefined } | { readonly error: unknown }

/**
 * The border behind which a plugin's function may be waited for: an ordered, bounded queue of batches, in which the time
 * has its place too. As long as every answer comes at once, rows pass without a queue.
 */
export class Stage implements Operator {
  readonly id: OperatorId
  readonly #options: StageOptions
  readonly #context: OperatorContext
  readonly #queue: BorderQueue<Waiting>
  #output: Output = unlinked
  #spare: Answers = new Map()

  constructor(id: OperatorId, options: StageOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    const { left, maxRows } = options
    const work = (waiting: Waiting) => this.#finish(waiting)
    this.#queue = new BorderQueue({ work, output: () => this.#output, left, maxRows })
  }

  link(output: Output): void {
    this.#output = output
  }

  push(batch: Batch): void {
    this.#queue.check()
    this.#context.metrics.recordsIn += batch.rows.length
    if (this.#queue.isBusy) this.#wait({ ...batch, done: new BatchBuilder() })
    else this.#pass(batch)
  }

  advance(time: number): void {
    this.#queue.check()
    this.#queue.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  /** Nothing: a snapshot is only taken when nobody waits. */
  snapshot(): undefined {}

  restore(): void {}

  room(): Promise<void> | undefined {
    return this.#queue.room()
  }

  idle(): Promise<void> | undefined {
    return this.#queue.idle()
  }

  /** Without a queue, until a row has to wait. */
  #pass(batch: Batch): void {
    if (batch.empty !== undefined) {
      this.#output.push(batch)
      return
    }
    const { rows, times } = batch
    const done = new BatchBuilder()
    for (let i = 0; i < rows.length; i++) {
      if (this.#spare.size > 0) this.#spare.clear()
      const outcome = this.#try(rows[i] as Row, this.#spare)
      if (outcome instanceof Suspension) {
        const answers = this.#spare
        this.#spare = new Map()
        const first = outcome
        this.#wait({ rows: rows.slice(i), times: times.slice(i), done, answers, first })
        return
      }
      this.#settle(outcome, times[i] as number, done)
    }
    this.#send(done)
  }

  #try(row: Row, answers: Answers): Outcome | Suspension {
    const { step, suspender } = this.#options
    try {
      return { row: suspender.run(answers, () => step(row)) }
    } catch (error) {
      return error instanceof Suspension ? error : { error }
    }
  }

  #settle(outcome: Outcome, time: number, done: BatchBuilder): void {
    if ('error' in outcome) {
      if (!this.#options.perBatch) this.#send(done)
      this.#context.rowError(outcome.error, time)
    } else if (outcome.row !== undefined) done.add(outcome.row, time)
  }

  #send(done: BatchBuilder): void {
    this.#context.metrics.recordsOut += done.flush(this.#output)
  }

  #wait(waiting: Waiting): void {
    if (!this.#options.perBatch) this.#send(waiting.done)
    this.#queue.push(waiting)
  }

  /** Waits for all rows of a batch, some at a time, and sends them in their order. */
  async #finish(waiting: Waiting): Promise<void> {
    if (waiting.empty !== undefined) {
      this.#output.push(waiting)
      return
    }
    const { rows, times, done, first } = waiting
    const outcomes: Outcome[] = []
    let next = 0
    const work = async (): Promise<void> => {
      while (next < rows.length) {
        const i = next++
        const [answers, suspension] = i === 0 ? [waiting.answers, first] : []
        outcomes[i] = await this.#outcome(rows[i] as Row, answers ?? new Map(), suspension)
      }
    }
    const most = Math.min(this.#options.maxCalls ?? 64, rows.length)
    await Promise.all(Array.from({ length: most }, work))
    for (const [i, outcome] of outcomes.entries()) this.#settle(outcome, times[i] as number, done)
    this.#send(done)
  }

  async #outcome(row: Row, answers: Answers, first: Suspension | undefined): Promise<Outcome> {
    let outcome: Outcome | Suspension = first ?? this.#try(row, answers)
    while (outcome instanceof Suspension) {
      const { call, promise } = outcome
      try {
        const value = await within(this.#options.deadlineMs ?? 5000, promise)
        answers.set(call, { value })
      } catch (error) {
        answers.set(call, { error })
      }
      outcome = this.#try(row, answers)
    }
    return outcome
  }
}
