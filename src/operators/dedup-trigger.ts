import { display, RowError } from '#src/expressions/errors.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { Value } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId, Row } from './operator.ts'
import { Step } from './step.ts'
import { TakenRanges } from './taken-ranges.ts'

/** A value of the row, and what errors call it. */
export interface NamedTime {
  readonly value: Value
  readonly name: string
}

export interface DedupTriggerOptions {
  readonly start: NamedTime
  readonly end: NamedTime
  readonly now: NamedTime
  readonly expireMs: number
  readonly as: string
}

interface Request {
  readonly row: Row
  readonly start: number
  readonly end: number
  readonly now: number
}

interface State {
  readonly rows: unknown
  readonly starts: unknown
  readonly ends: unknown
  readonly nows: unknown
  readonly due: number
  readonly taken: unknown
}

/**
 * `dedup_trigger()`: each row asks for a range of time. It is held until its range is over, as far as the `now` of later
 * rows and the time since the last of them say so, and leaves with the parts of the range that no row before it has had.
 * Rows leave in the order of the ends of their ranges.
 */
export class DedupTrigger extends Step {
  readonly #options: DedupTriggerOptions
  readonly #made = new BatchBuilder()
  readonly #taken = new TakenRanges()
  #held: Request[] = []
  /** When the first that is held leaves if no row comes: the time of rows, not that of their columns. */
  #due = Number.POSITIVE_INFINITY

  constructor(id: OperatorId, options: DedupTriggerOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  protected override take({ rows, times }: Batch): void {
    const { metrics } = this.context
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as number
      this.#pass(time)
      try {
        const request = this.#request(rows[i] as Row)
        this.#hold(request)
        this.#leave(request.now, time)
      } catch (error) {
        metrics.recordsOut += this.#made.flush(this.output)
        this.context.rowError(error, time)
      }
    }
    metrics.recordsOut += this.#made.flush(this.output)
  }

  override advance(time: number): void {
    this.#pass(time)
    this.context.metrics.recordsOut += this.#made.flush(this.output)
    this.output.advance(time)
  }

  override wakeAt(): number {
    // A row of that very time may still come; time goes in ms.
    return this.#due + 1
  }

  override snapshot(): State {
    const held = this.#held
    return {
      rows: packColumn(held.map(({ row }) => row)),
      starts: packColumn(held.map(({ start }) => start)),
      ends: packColumn(held.map(({ end }) => end)),
      nows: packColumn(held.map(({ now }) => now)),
      due: this.#due,
      taken: this.#taken.snapshot(),
    }
  }

  override restore(state: unknown): void {
    const saved = state as State // what snapshot made
    const [starts = [], ends = [], nows = []] = [saved.starts, saved.ends, saved.nows].map(
      (column) => unpackColumn(column) as number[],
    )
    this.#held = unpackColumn(saved.rows).map((row, i) => ({
      row: row as Row,
      start: starts[i] as number,
      end: ends[i] as number,
      now: nows[i] as number,
    }))
    this.#due = saved.due
    this.#taken.restore(saved.taken)
  }

  #request(row: Row): Request {
    const { start, end, now } = this.#options
    const from = timeOf(start, row, 'start')
    const to = timeOf(end, row, 'end')
    if (from >= to) {
      const text = `dedup_trigger start time ${from} is greater than end time ${to}`
      throw new RowError('wrong-argument', text)
    }
    return { row, start: from, end: to, now: timeOf(now, row, 'now') }
  }

  /** Most end last; of equal ends the one that came first stands first. */
  #hold(request: Request): void {
    const held = this.#held
    let [low, high] = [0, held.length]
    const last = held[high - 1]
    if (last === undefined || last.end <= request.end) {
      held.push(request)
      return
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((held[middle] as Request).end > request.end) high = middle
      else low = middle + 1
    }
    held.splice(low, 0, request)
  }

  /** Nothing comes before `time` any more: those leave whose turn was before it, each at its own. */
  #pass(time: number): void {
    while (this.#due < time) {
      const first = this.#held[0]
      if (first === undefined) break
      this.#leave(first.end, this.#due)
    }
  }

  /** Lets those go that ended by `now`; the next one is due when as much time has passed as its end is ahead. */
  #leave(now: number, time: number): void {
    let count = 0
    let next = this.#held[0]
    while (next !== undefined && next.end <= now) {
      this.#made.add({ ...next.row, [this.#options.as]: this.#rangesOf(next) }, time)
      next = this.#held[++count]
    }
    if (count > 0) this.#held.splice(0, count)
    this.#due = next === undefined ? Number.POSITIVE_INFINITY : time + (next.end - now)
  }

  #rangesOf({ start, end, now }: Request): readonly Row[] {
    const oldest = now - this.#options.expireMs
    if (end <= oldest) return []
    this.#taken.forget(oldest)
    const free = this.#taken.take({ start: Math.max(start, oldest), end })
    return free.map((range) => ({ start_key: `${range.start}`, end_key: `${range.end}` }))
  }
}

function timeOf({ value, name }: NamedTime, row: Row, which: string): number {
  const found = value(row)
  if (found === null || found === undefined) {
    throw new RowError('wrong-argument', `dedup_trigger ${name} is missing`)
  }
  const time = typeof found === 'bigint' ? Number(found) : found
  if (typeof time === 'number' && Number.isSafeInteger(time)) return time
  const text = `dedup_trigger ${which} time ${display(found)} is not int64`
  throw new RowError('wrong-argument', text)
}
