import type { Predicate, Value } from '#src/operators/compiled.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import type { Operator, OperatorContext, OperatorId } from '#src/operators/operator.ts'
import { boundColumns } from '#src/operators/window/bounds.ts'
import type { Contents } from '#src/operators/window/contents.ts'
import { CountWindow } from '#src/operators/window/count.ts'
import { CountAggregate } from '#src/operators/window/count-aggregate.ts'
import { GroupContents } from '#src/operators/window/group-contents.ts'
import { GroupsContents } from '#src/operators/window/groups-contents.ts'
import { type HopClock, hopClock } from '#src/operators/window/hop-clock.ts'
import { HoppingWindow } from '#src/operators/window/hopping.ts'
import { HoppingAggregate } from '#src/operators/window/hopping-aggregate.ts'
import { hasPanes } from '#src/operators/window/pane-store.ts'
import { RowContents } from '#src/operators/window/row-contents.ts'
import { SessionWindow } from '#src/operators/window/session.ts'
import { type SlidingSpan, SlidingWindow } from '#src/operators/window/sliding.ts'
import { SlidingAggregate } from '#src/operators/window/sliding-aggregate.ts'
import { StateWindow } from '#src/operators/window/state.ts'
import { TumblingWindow } from '#src/operators/window/tumbling.ts'
import { TumblingAggregate } from '#src/operators/window/tumbling-aggregate.ts'
import { type Span, tumblingSpans } from '#src/operators/window/tumbling-clock.ts'
import { canonical } from '#src/plan/canonical.ts'
import type { PlanExpression } from '#src/plan/expression.ts'
import type { WindowSpec } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { compileScalar } from './scalar.ts'

type Spec<W extends WindowSpec['window']> = WindowSpec & { readonly window: W }
type Make = (context: OperatorContext) => Operator

export interface WindowParts {
  readonly id: OperatorId
  readonly spec: WindowSpec
  readonly filter: PlanExpression | undefined
}

/** A window that keeps its rows and emits them. */
export function keepingWindow({ id, spec, filter: written }: WindowParts, to: Compilation): Make {
  const filter = predicate(written, to)
  const bounds = boundColumns(to.plan.hidden)
  switch (spec.window) {
    case 'tumbling':
      return (context) =>
        new TumblingWindow(id, { spanOf: spansOf(spec, to), filter, bounds }, context)
    case 'hopping':
      return (context) =>
        new HoppingWindow(id, { clock: clockOf(spec, to), filter, bounds }, context)
    case 'count': {
      const { length, interval } = spec
      return (context) => new CountWindow(id, { length, interval, filter, bounds }, context)
    }
    case 'sliding': {
      const when = predicate(spec.when, to)
      return (context) => new SlidingWindow(id, { ...spanOf(spec), filter, when, bounds }, context)
    }
    case 'session':
    case 'state':
      return keyedWindow(spec, { id, filter: written, contents: new RowContents(bounds) }, to)
    default:
      return spec satisfies never
  }
}

/** What an aggregation adds to its window. */
export interface AggregatedWindow extends WindowParts {
  readonly columns: GroupColumns
  /** The dimensions as they were planned. */
  readonly keys: readonly PlanExpression[]
  /** WHERE behind a sliding window. */
  readonly where?: PlanExpression | undefined
}

/** A window that aggregates row by row; `undefined` where it has to keep rows. */
export function aggregatingWindow(parts: AggregatedWindow, to: Compilation): Make | undefined {
  const { id, spec, columns, keys } = parts
  const filter = predicate(parts.filter, to)
  const bounds = boundColumns(to.plan.hidden)
  switch (spec.window) {
    case 'tumbling': {
      const spanOf = spansOf(spec, to)
      return (context) => new TumblingAggregate(id, { columns, spanOf, filter, bounds }, context)
    }
    case 'hopping': {
      if (!hasPanes(columns)) return undefined
      const clock = clockOf(spec, to)
      return (context) => new HoppingAggregate(id, { columns, clock, filter, bounds }, context)
    }
    case 'count': {
      const { length, interval } = spec
      if (interval !== length) return undefined
      return (context) => new CountAggregate(id, { columns, length, filter, bounds }, context)
    }
    case 'sliding': {
      const [when, where] = [predicate(spec.when, to), predicate(parts.where, to)]
      const options = { ...spanOf(spec), columns, filter, when, where, bounds }
      return (context) => new SlidingAggregate(id, options, context)
    }
    case 'session':
    case 'state': {
      const partition = new Set(spec.partition.map(canonical))
      const isOneGroup = keys.every((key) => partition.has(canonical(key)))
      const contents = isOneGroup
        ? new GroupContents(columns, bounds)
        : new GroupsContents(columns, bounds)
      return keyedWindow(spec, { id, filter: parts.filter, contents }, to)
    }
    default:
      return spec satisfies never
  }
}

/** Session and state windows: several are open at a time. */
function keyedWindow(
  spec: Spec<'session'> | Spec<'state'>,
  parts: Pick<WindowParts, 'id' | 'filter'> & { readonly contents: Contents },
  to: Compilation,
): Make {
  const { id, contents } = parts
  const filter = predicate(parts.filter, to)
  const partition = spec.partition.map((part): Value => compileScalar(part, to.expressions))
  if (spec.window === 'session') {
    const { maxMs, timeoutMs } = spec
    const options = { maxMs, timeoutMs, partition, filter, contents }
    return (context) => new SessionWindow(id, options, context)
  }
  const begin = to.expressions.compilePredicate(spec.begin)
  const options = { begin, emit: predicate(spec.emit, to), partition, filter, contents }
  return (context) => new StateWindow(id, options, context)
}

function predicate(written: PlanExpression | undefined, to: Compilation): Predicate | undefined {
  return written && to.expressions.compilePredicate(written)
}

function spanOf({ lengthMs, delayMs, sendTwice }: Spec<'sliding'>): SlidingSpan {
  return { lengthMs, delayMs, sendTwice: sendTwice === true }
}

function spansOf(
  { lengthMs, unit }: Spec<'tumbling'>,
  { plan }: Compilation,
): (time: number) => Span {
  return tumblingSpans({ lengthMs, byDays: unit === 'dd', timeZone: plan.settings.timeZone })
}

function clockOf({ lengthMs, intervalMs, unit }: Spec<'hopping'>, { plan }: Compilation): HopClock {
  const { timeZone } = plan.settings
  return hopClock({ lengthMs, intervalMs, byDays: unit === 'dd', timeZone })
}
