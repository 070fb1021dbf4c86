import type {
  Batch,
  Operator,
  OperatorContext,
  OperatorId,
  OperatorMetrics,
  Row,
} from '#src/operators/operator.ts'

export interface Bench<O extends Operator> {
  readonly operator: O
  readonly metrics: OperatorMetrics
  /** What came out, in order: batches, times, and errors. */
  readonly seen: Seen[]
  batches(): (readonly Row[])[]
}

export type Seen =
  | Batch
  | { readonly advanced: number }
  | { readonly error: string; readonly time: number }

/** An operator whose output keeps what it was given. */
export function bench<O extends Operator>(make: (context: OperatorContext, id: OperatorId) => O) {
  const seen: Seen[] = []
  const metrics: OperatorMetrics = {
    recordsIn: 0,
    recordsOut: 0,
    exceptions: 0,
    lastException: '',
    lastExceptionAt: 0,
    lastInvocationAt: 0,
  }
  const context: OperatorContext = {
    metrics,
    rowError(error, time) {
      metrics.exceptions++
      seen.push({ error: error instanceof Error ? error.message : String(error), time })
    },
  }
  const operator = make(context, 'operator' as OperatorId)
  operator.link({
    push: (batch: Batch) => seen.push(batch),
    advance: (advanced) => seen.push({ advanced }),
  })
  const batches = () => seen.flatMap((each) => ('rows' in each ? [each.rows] : []))
  return { operator, metrics, seen, batches }
}

/** Rows with a time each; the time is the row's `t`, or 0. */
export function batch(...rows: Row[]): Batch {
  return { rows, times: rows.map(({ t }) => (typeof t === 'number' ? t : 0)) }
}

/** Throws for rows that have `bad`. */
export function column(name: string): (row: Row) => unknown {
  return (row) => {
    if (row.bad !== undefined) throw new Error(`bad ${String(row.bad)}`)
    return row[name]
  }
}
