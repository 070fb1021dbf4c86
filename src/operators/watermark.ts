import { EngineError } from '#src/errors.ts'
import { HeldRows } from './held-rows.ts'
import type { Intake } from './intake.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface WatermarkOptions {
  readonly sources: number
  readonly lateToleranceMs: number
  readonly batchRows: number
  /** Told of every row that came too late, before it is dropped. */
  late(row: Row, time: number): void
}

interface State {
  readonly watermark: number
  readonly highest: readonly number[]
  readonly held: unknown
}

/**
 * Event time. The watermark is the smallest, over the sources, of the highest timestamp seen less the tolerance; it
 * never goes back. Rows wait until it has reached them and leave in the order of their timestamps; a row that comes
 * behind it is late: dropped and counted. It moves with every row, so what is late depends on the order of the rows
 * alone and not on how they were cut into batches.
 */
export class Watermark implements Intake {
  readonly id: OperatorId
  readonly #options: WatermarkOptions
  readonly #context: OperatorContext
  readonly #held = new HeldRows()
  /** The highest timestamp seen, by source. */
  #highest: number[]
  #watermark = Number.NEGATIVE_INFINITY
  #output: Output = unlinked

  constructor(id: OperatorId, options: WatermarkOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#highest = Array.from({ length: options.sources }, () => Number.NEGATIVE_INFINITY)
  }

  link(output: Output): void {
    this.#output = output
  }

  take(source: number, row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    if (time < this.#watermark) {
      this.#options.late(row, time)
      return
    }
    this.#held.add(row, time, source)
    this.see(source, time)
  }

  see(source: number, time: number): void {
    if (time <= (this.#highest[source] as number)) return
    this.#highest[source] = time
    this.#rise()
  }

  settle(): void {
    const { batchRows } = this.#options
    const { metrics } = this.#context
    metrics.recordsOut += this.#held.release(this.#watermark, true, batchRows, this.#output)
    if (this.#watermark !== Number.NEGATIVE_INFINITY) this.#output.advance(this.#watermark)
  }

  /** Arrival times say nothing about event time; only the end of a source does. */
  reach(source: number, time: number): void {
    if (time !== Number.POSITIVE_INFINITY) return
    this.#highest[source] = time
    this.#rise()
    this.settle()
  }

  push(_batch: Batch): void {
    throw new EngineError('bad-plan', `${this.id}: rows get their watermark one by one`)
  }

  advance(_time: number): void {
    this.settle()
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): State {
    return {
      watermark: this.#watermark,
      highest: [...this.#highest],
      held: this.#held.snapshot(),
    }
  }

  restore(state: unknown): void {
    const { watermark, highest, held } = state as State // what snapshot made
    this.#watermark = watermark
    this.#highest = this.#highest.map((at, source) => highest[source] ?? at)
    this.#held.restore(held)
  }

  #rise(): void {
    const watermark = Math.min(...this.#highest) - this.#options.lateToleranceMs
    if (watermark > this.#watermark) this.#watermark = watermark
  }
}
