import { canonicalAggregate, canonicalAnalytic } from './canonical.ts'
import type {
  AggregateCall,
  AnalyticCall,
  Column,
  DedupTriggerCall,
  PlanExpression,
} from './expression.ts'
import type { RankCall } from './plan.ts'
import type { DataType } from './types.ts'
import { some } from './walk.ts'

const STRING: DataType = { type: 'string' }

/** A value that is computed once and read as a hidden column. */
export interface Computed {
  readonly expression: PlanExpression
  readonly as: string
}

/**
 * What a statement computes on the way, each in a hidden column. A column is *above* when its value exists only behind
 * the window or aggregation, because it reads an aggregate or the window's bounds.
 */
export class Derived {
  readonly aggregates: AggregateCall[] = []
  readonly analytics: AnalyticCall[] = []
  readonly computes: Computed[] = []
  /** Metadata of the row, by source. */
  readonly metas: {
    readonly source: number
    readonly path: readonly string[]
    readonly as: string
  }[] = []
  readonly timeColumns = new Map<number, string>()
  /** `row_number()` */
  readonly ranks: RankCall[] = []
  /** `dedup_trigger()` */
  readonly triggers: DedupTriggerCall[] = []
  readonly #bounds = new Set<string>()
  /** `last_hit_count()` and its like; those of rows, and those of emissions. */
  readonly #rowHits = new Set<string>()
  readonly #emissionHits = new Set<string>()
  readonly #above = new Set<string>()
  readonly #known = new Map<string, Column>()
  #calls = 0

  /** The number of the next call. Final numbers are given when the plan stands. */
  nextCall(): number {
    return this.#calls++
  }

  /** @param shared false for calls that are not the same when they look the same, such as those of plugins */
  aggregate(call: Omit<AggregateCall, 'as' | 'id'>, shared: boolean): Column {
    const make = (): Column => {
      const as = `$agg${this.aggregates.length}`
      this.aggregates.push({ ...call, as, id: this.nextCall() })
      this.#above.add(as)
      return column(as, call.dataType)
    }
    if (!shared) return make()
    return this.#once(`aggregate ${canonicalAggregate({ ...call, as: '', id: 0 })}`, make)
  }

  analytic(call: Omit<AnalyticCall, 'as' | 'id'>, shared: boolean): Column {
    const make = (): Column => {
      const as = `$analytic${this.analytics.length}`
      if (analyticParts(call).some((part) => this.isAbove(part))) this.#above.add(as)
      this.analytics.push({ ...call, as, id: this.nextCall() })
      return column(as, call.dataType)
    }
    if (!shared) return make()
    return this.#once(`analytic ${canonicalAnalytic({ ...call, as: '', id: 0 })}`, make)
  }

  compute(expression: PlanExpression): Column {
    const as = `$alias${this.computes.length}`
    this.computes.push({ expression, as })
    if (this.isAbove(expression)) this.#above.add(as)
    return column(as, expression.dataType)
  }

  /** @param stream where rows are keyed by stream: its name */
  meta(
    { source, stream }: { readonly source: number; readonly stream: string | undefined },
    path: readonly string[],
    as: string,
  ): Column {
    return this.#once(`meta ${as}`, () => {
      this.metas.push({ source, path, as })
      const made = column(
        as,
        path.length === 0 ? { type: 'struct' } : { type: 'any', wholeIsBigint: true },
      )
      return stream === undefined ? made : { ...made, stream }
    })
  }

  rank(call: Omit<RankCall, 'as'>): Column {
    const as = `$rank${this.ranks.length}`
    this.ranks.push({ ...call, as })
    this.#above.add(as)
    return column(as, { type: 'bigint' })
  }

  trigger(call: Omit<DedupTriggerCall, 'as'>): Column {
    const as = `$trigger${this.triggers.length}`
    this.triggers.push({ ...call, as })
    this.#above.add(as)
    const fields = { start_key: STRING, end_key: STRING }
    return column(as, { type: 'array', element: { type: 'struct', fields } })
  }

  /** @param ofEmissions counts what passed HAVING, not WHERE */
  hit(as: string, ofEmissions: boolean): Column {
    if (ofEmissions) {
      this.#emissionHits.add(as)
      this.#above.add(as)
    } else this.#rowHits.add(as)
    return column(as, { type: 'bigint' })
  }

  get hasRowHits(): boolean {
    return this.#rowHits.size > 0
  }

  get hasEmissionHits(): boolean {
    return this.#emissionHits.size > 0
  }

  /** Whether an expression counts the rows that passed WHERE: it has its value where WHERE stands, and behind it. */
  countsRows(expression: PlanExpression): boolean {
    return some(expression, (part) => part.type === 'column' && this.#rowHits.has(part.name))
  }

  eventTime(source: number, as: string): Column {
    this.timeColumns.set(source, as)
    return column(as, { type: 'bigint' })
  }

  /** `window_start()` and its like. */
  windowBound(as: string): Column {
    this.#bounds.add(as)
    this.#above.add(as)
    return column(as, { type: 'bigint' })
  }

  /** The names of all hidden columns so far. */
  get hidden(): readonly string[] {
    const named = [...this.metas, ...this.analytics, ...this.aggregates, ...this.computes]
    const calls = [...this.ranks, ...this.triggers].map(({ as }) => as)
    const hits = [...this.#rowHits, ...this.#emissionHits, ...calls]
    return [...this.timeColumns.values(), ...this.#bounds, ...hits, ...named.map(({ as }) => as)]
  }

  isAbove(expression: PlanExpression): boolean {
    return some(expression, (part) => part.type === 'column' && this.#above.has(part.name))
  }

  #once(key: string, make: () => Column): Column {
    const known = this.#known.get(key) ?? make()
    this.#known.set(key, known)
    return known
  }
}

/** Everything that an analytic call reads. */
export function analyticParts(call: Omit<AnalyticCall, 'as' | 'id'>): readonly PlanExpression[] {
  const order = call.order.map((key) => key.expression)
  return [...call.args, ...call.partition, ...(call.when ? [call.when] : []), ...order]
}

function column(name: string, dataType: DataType): Column {
  return { type: 'column', name, dataType }
}
