import type { Absorber } from '#src/operators/absorber.ts'
import type { Predicate } from '#src/operators/compiled.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { Groups } from '#src/operators/groups.ts'
import type { Batch, OperatorContext, OperatorId, Output, Row } from '#src/operators/operator.ts'
import type { BoundColumns } from './bounds.ts'
import { GroupEmissions } from './group-emissions.ts'
import type { HopClock } from './hop-clock.ts'
import { PaneStore } from './pane-store.ts'
import { MOST_EMPTY } from './tumbling-walk.ts'

export interface HoppingAggregateOptions {
  /** All calls of which have panes: `hasPanes`. */
  readonly columns: GroupColumns
  readonly clock: HopClock
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

interface State {
  readonly hop: number
  readonly pane: number
  readonly paneEnd: number
  readonly open: unknown
  readonly closed: unknown
}

/**
 * Groups over a hopping window. A row is aggregated once, into the open pane; panes are shared by the windows in which
 * they lie. Without dimensions, a window in which no row came says so, from the first row on.
 */
export class HoppingAggregate implements Absorber {
  readonly id: OperatorId
  /** 2: the panes of all groups in columns, with their accumulators by number. */
  readonly stateVersion = 2
  readonly #options: HoppingAggregateOptions
  readonly #context: OperatorContext
  readonly #emissions: GroupEmissions
  readonly #open: Groups
  readonly #closed: PaneStore
  readonly #filter: Predicate | undefined
  /** The window that ends next. */
  #hop = 0
  #pane = 0
  #paneEnd = Number.NEGATIVE_INFINITY
  /** The open pane lies in some window; where windows leave gaps it may not. */
  #isInWindow = false
  readonly #firesEmpty: boolean

  constructor(id: OperatorId, options: HoppingAggregateOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#emissions = new GroupEmissions(options, context)
    this.#filter = options.filter
    this.#firesEmpty = options.columns.keys.length === 0
    this.#open = new Groups(options.columns)
    this.#closed = new PaneStore(options.columns)
  }

  link(output: Output): void {
    this.#emissions.link(output)
  }

  push({ rows, times }: Batch): void {
    this.#context.metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) this.#take(rows[i] as Row, times[i] as number)
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    this.#take(row, time)
  }

  settle(): void {}

  advance(time: number): void {
    if (time >= this.#paneEnd && this.#isWaiting()) {
      this.#close(time)
      if (time === Number.POSITIVE_INFINITY) this.#paneEnd = Number.NEGATIVE_INFINITY
      else this.#enter(time)
    }
    this.#emissions.advance(time)
  }

  wakeAt(): number {
    return this.#isWaiting() ? this.#options.clock.endOf(this.#hop) : Number.POSITIVE_INFINITY
  }

  snapshot(): State | undefined {
    if (!this.#isWaiting()) return undefined
    return {
      hop: this.#hop,
      pane: this.#pane,
      paneEnd: this.#paneEnd,
      open: this.#open.snapshot(),
      closed: this.#closed.snapshot(),
    }
  }

  restore(state: unknown): void {
    const { hop, pane, paneEnd, open, closed } = state as State // what snapshot made
    this.#hop = hop
    this.#pane = pane
    this.#paneEnd = paneEnd
    this.#isInWindow = this.#options.clock.firstPane(hop) <= pane
    this.#open.restore(open)
    this.#closed.restore(closed)
  }

  #take(row: Row, time: number): void {
    if (time >= this.#paneEnd) {
      this.#close(time)
      this.#enter(time)
    }
    if (!this.#isInWindow) return
    try {
      if (this.#filter !== undefined && this.#filter(row) !== true) return
      this.#open.add(row)
    } catch (error) {
      this.#context.rowError(error, time)
    }
  }

  #isWaiting(): boolean {
    if (this.#firesEmpty) return this.#paneEnd !== Number.NEGATIVE_INFINITY
    return this.#open.size > 0 || this.#closed.size > 0
  }

  /** Closes the open pane, and each window that ends until then. */
  #close(time: number): void {
    this.#closed.add(this.#pane, this.#open)
    this.#open.clear()
    if (!this.#isWaiting()) return
    const { clock } = this.#options
    const isLast = time === Number.POSITIVE_INFINITY
    const now = isLast ? time : clock.hopOf(time)
    const firesEmpty = this.#firesEmpty && !isLast
    let empty = 0
    while (this.#hop < now && (this.#closed.size > 0 || firesEmpty)) {
      empty = this.#closed.size > 0 ? 0 : empty + 1
      if (empty > MOST_EMPTY) return
      this.#fire(this.#hop)
      this.#hop++
      this.#closed.evict(clock.firstPane(this.#hop))
    }
  }

  #enter(time: number): void {
    const { clock } = this.#options
    const hop = clock.hopOf(time)
    const split = clock.splitOf(hop)
    const isOlder = time < split
    this.#hop = hop
    this.#pane = 2 * hop + (isOlder ? 0 : 1)
    this.#paneEnd = isOlder ? split : clock.endOf(hop)
    this.#isInWindow = clock.firstPane(hop) <= this.#pane
  }

  #fire(window: number): void {
    const { clock } = this.#options
    const range = { start: clock.startOf(window), end: clock.endOf(window) }
    if (this.#closed.size === 0) this.#emissions.sendNothing(range)
    else this.#emissions.send(this.#emissions.rowsOf(this.#closed, range), range.end)
  }
}
