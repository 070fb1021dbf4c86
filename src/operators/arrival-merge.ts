import { EngineError } from '#src/errors.ts'
import type { Intake } from './intake.ts'
import { MergedRows, type MergedSources } from './merged-rows.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

/** A row on its way to the watermark; a `null` row was dropped at its source, its time counts all the same. */
interface Arrived {
  readonly source: number
  readonly row: Row | null
  readonly time: number
}

/**
 * Brings the rows of several sources to the watermark in the order of their arrival, so that what is late does not
 * depend on how the sources were read.
 */
export class ArrivalMerge implements Intake {
  readonly id: OperatorId
  #next: Intake | undefined
  readonly #context: OperatorContext
  /** By the time of their arrival. */
  readonly #rows: MergedRows
  readonly #release: Output
  #output: Output = unlinked

  constructor(id: OperatorId, sources: MergedSources, context: OperatorContext) {
    this.id = id
    this.#context = context
    this.#rows = new MergedRows(sources)
    this.#release = { push: (batch) => this.#give(batch), advance() {} }
  }

  /** What takes the rows in their order. */
  lead(next: Intake): void {
    this.#next = next
  }

  link(output: Output): void {
    this.#output = output
  }

  take(source: number, row: Row, time: number, arrival: number): void {
    this.#context.metrics.recordsIn++
    this.#hold({ source, row, time }, arrival)
  }

  see(source: number, time: number, arrival: number): void {
    this.#hold({ source, row: null, time }, arrival)
  }

  settle(): void {}

  reach(source: number, time: number): void {
    if (!this.#rows.reach(source, time)) return
    const { bound, reached } = this.#rows
    this.#rows.release(Number.POSITIVE_INFINITY, this.#release)
    this.#next?.settle()
    for (const [number, at] of reached.entries()) {
      // The end of a source counts when all that arrived before it has gone on.
      this.#next?.reach(
        number,
        at === Number.POSITIVE_INFINITY && !this.#rows.hasOf(number) ? at : bound,
      )
    }
  }

  push(_batch: Batch): void {
    throw new EngineError('bad-plan', `${this.id}: rows of several sources are merged one by one`)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    const next = this.#next?.wakeAt() ?? Number.POSITIVE_INFINITY
    return Math.min(next, this.#rows.wakeAt())
  }

  snapshot(): unknown {
    return this.#rows.snapshot()
  }

  restore(state: unknown): void {
    this.#rows.restore(state)
  }

  #hold(arrived: Arrived, arrival: number): void {
    this.#rows.add({ ...arrived }, arrival, arrived.source)
  }

  #give({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) {
      const { source, row, time } = rows[i] as unknown as Arrived // `#hold` put it there
      const arrival = times[i] as number
      if (row === null) this.#next?.see(source, time, arrival)
      else {
        this.#context.metrics.recordsOut++
        this.#next?.take(source, row, time, arrival)
      }
    }
  }
}
