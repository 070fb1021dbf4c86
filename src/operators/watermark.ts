import { EngineError } from '#src/errors.ts'
import { HeldRows } from './held-rows.ts'
import type { Intake } from './intake.ts'
import { startOf } from './merged-rows.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface WatermarkOptions {
  /** The numbers of the streams: each holds the watermark back. */
  readonly streams: readonly number[]
  readonly lateToleranceMs: number
  readonly batchRows: number
  /** A stream without a row for so long, by the time of arrival, holds nothing back; 0: it always does. @default 0 */
  readonly idleTimeoutMs?: number | undefined
  /** A row whose timestamp is further ahead of its arrival is a row error; 0: none is. @default 0 */
  readonly maxDriftMs?: number | undefined
  /** Told of every row that came too late, before it is dropped. */
  late(late: LateRow): void
}

/** A row that came behind the watermark. */
export interface LateRow {
  readonly row: Row
  /** Its timestamp, ms since the epoch. */
  readonly time: number
  /** The number of its source. */
  readonly source: number
  readonly watermark: number
}

interface State {
  readonly watermark: number
  readonly highest: readonly number[]
  readonly heard: readonly number[]
  readonly clock: number
  readonly held: unknown
}

/**
 * Event time. The watermark is the smallest, over the streams that are not idle, of the highest timestamp seen less the
 * tolerance; it never goes back. Rows wait until it has reached them and leave in the order of their timestamps; a row
 * that comes behind it is late: dropped and counted. It moves with every row, so what is late depends on the order of
 * the rows alone and not on how they were cut into batches. Rows of tables have no event time: they pass at once.
 */
export class Watermark implements Intake {
  readonly id: OperatorId
  readonly #options: WatermarkOptions
  readonly #context: OperatorContext
  readonly #held = new HeldRows()
  /** The highest timestamp seen, by source; of tables `Infinity`. */
  #highest: number[]
  /** When the last row of each source arrived. */
  #heard: number[]
  /** The time of arrival, as far as it is known. */
  #clock = Number.NEGATIVE_INFINITY
  #watermark = Number.NEGATIVE_INFINITY
  #output: Output = unlinked

  constructor(id: OperatorId, options: WatermarkOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#highest = startOf(options.streams)
    this.#heard = this.#highest.map(() => Number.NEGATIVE_INFINITY)
  }

  link(output: Output): void {
    this.#output = output
  }

  take(source: number, row: Row, time: number, arrival: number): void {
    this.#context.metrics.recordsIn++
    this.#hear(source, arrival)
    if (!this.#options.streams.includes(source)) {
      this.#pass(row)
      return
    }
    if (this.#drifts(time, arrival)) return
    if (time < this.#watermark) {
      this.#options.late({ row, time, source, watermark: this.#watermark })
      return
    }
    this.#held.add(row, time, source)
    this.#see(source, time)
  }

  see(source: number, time: number, arrival: number): void {
    this.#hear(source, arrival)
    if (!this.#isAhead(time, arrival)) this.#see(source, time)
  }

  settle(): void {
    const { batchRows } = this.#options
    const { metrics } = this.#context
    metrics.recordsOut += this.#held.release(this.#watermark, true, batchRows, this.#output)
    if (this.#watermark !== Number.NEGATIVE_INFINITY) this.#output.advance(this.#watermark)
  }

  /** Arrival times say nothing about event time, but that a stream is idle; or that it has come to its end. */
  reach(source: number, time: number): void {
    if (time === Number.POSITIVE_INFINITY) this.#highest[source] = time
    else if (this.#idleMs > 0 && time > this.#clock) this.#clock = time
    else return
    this.#rise()
    this.settle()
  }

  push(_batch: Batch): void {
    throw new EngineError('bad-plan', `${this.id}: rows get their watermark one by one`)
  }

  advance(_time: number): void {
    this.settle()
  }

  /** When the next stream becomes idle, while rows wait for it. */
  wakeAt(): number {
    if (this.#idleMs === 0 || this.#held.size === 0) return Number.POSITIVE_INFINITY
    const { streams } = this.#options
    const ends = streams.map((source) => (this.#heard[source] as number) + this.#idleMs)
    const next = ends.filter((end) => end > this.#clock)
    return Math.min(...next, Number.POSITIVE_INFINITY)
  }

  snapshot(): State {
    return {
      watermark: this.#watermark,
      highest: [...this.#highest],
      heard: [...this.#heard],
      clock: this.#clock,
      held: this.#held.snapshot(),
    }
  }

  restore(state: unknown): void {
    const { watermark, highest, heard, clock, held } = state as State // what snapshot made
    this.#watermark = watermark
    this.#highest = this.#highest.map((at, source) => highest[source] ?? at)
    this.#heard = this.#heard.map((at, source) => heard[source] ?? at)
    this.#clock = clock
    this.#held.restore(held)
  }

  get #idleMs(): number {
    return this.#options.idleTimeoutMs ?? 0
  }

  /** A row of a table: it comes in between what was released before it and what comes behind. */
  #pass(row: Row): void {
    this.settle()
    this.#context.metrics.recordsOut++
    this.#output.push({ rows: [row], times: [this.#watermark] })
  }

  #hear(source: number, arrival: number): void {
    if (this.#idleMs === 0) return
    // Streams that were never heard are silent since the first row of any.
    if (this.#clock === Number.NEGATIVE_INFINITY) this.#heard.fill(arrival)
    this.#heard[source] = arrival
    if (arrival <= this.#clock) return
    this.#clock = arrival
    this.#rise()
  }

  #isAhead(time: number, arrival: number): boolean {
    const { maxDriftMs = 0 } = this.#options
    return maxDriftMs > 0 && time > arrival + maxDriftMs
  }

  #drifts(time: number, arrival: number): boolean {
    if (!this.#isAhead(time, arrival)) return false
    const text = `timestamp ${time} is ${time - arrival} ms ahead of the clock, maxDrift is ${this.#options.maxDriftMs} ms`
    this.#context.rowError(new Error(text), arrival)
    return true
  }

  #see(source: number, time: number): void {
    if (time <= (this.#highest[source] as number)) return
    this.#highest[source] = time
    this.#rise()
  }

  #rise(): void {
    const watermark = this.#lowest() - this.#options.lateToleranceMs
    if (watermark > this.#watermark) this.#watermark = watermark
  }

  /** Over the streams that are not idle; when all of them are, none waits for another. */
  #lowest(): number {
    if (this.#idleMs === 0) return Math.min(...this.#highest)
    const open = [...this.#highest.entries()].filter(([, at]) => at !== Number.POSITIVE_INFINITY)
    const active = open.filter(
      ([source]) => this.#clock - (this.#heard[source] as number) < this.#idleMs,
    )
    if (active.length > 0 || open.length === 0) return Math.min(...active.map(([, at]) => at))
    return Math.max(...open.map(([, at]) => at))
  }
}
