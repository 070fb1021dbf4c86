import { EngineError } from '#src/errors.ts'
import type { Aggregator } from '#src/functions/declaration.ts'
import { Aggregate } from '#src/operators/aggregate.ts'
import type { Value } from '#src/operators/compiled.ts'
import { distinct } from '#src/operators/distinct.ts'
import type { AggregateColumn, GroupColumns, NamedValue } from '#src/operators/group-columns.ts'
import type { Operator, OperatorContext, OperatorId, Row } from '#src/operators/operator.ts'
import { type BoundColumns, boundColumns } from '#src/operators/window/bounds.ts'
import { CountWindow } from '#src/operators/window/count.ts'
import { CountAggregate } from '#src/operators/window/count-aggregate.ts'
import { TumblingWindow } from '#src/operators/window/tumbling.ts'
import { TumblingAggregate } from '#src/operators/window/tumbling-aggregate.ts'
import { type Span, tumblingSpans } from '#src/operators/window/tumbling-clock.ts'
import type { AggregateCall, PlanExpression } from '#src/plan/expression.ts'
import type { AggregateNode, WindowNode, WindowSpec } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { columnCopier } from './record.ts'
import { compileScalar } from './scalar.ts'

/** A window that keeps its rows. */
export function compileWindow(node: WindowNode, to: Compilation): void {
  const { id, spec, filter } = node
  to.add('window', (context) => keepingWindow({ id, spec, filter }, to, context))
}

/**
 * An aggregate: over a window row by row where the window allows it, else over the batches that a window in front of it
 * makes.
 */
export function compileAggregate(node: AggregateNode, to: Compilation): void {
  const { id, window, filter } = node
  const columns = groupColumns(node, to)
  const bounds = boundColumns(to.plan.hidden)
  const passes = filter && to.expressions.compilePredicate(filter)
  if (window?.window === 'tumbling') {
    const spanOf = spansOf(window, to)
    to.add('aggregate', (context) => {
      return new TumblingAggregate(id, { columns, spanOf, filter: passes, bounds }, context)
    })
  } else if (window?.window === 'count' && window.interval === window.length) {
    const { length } = window
    to.add('aggregate', (context) => {
      return new CountAggregate(id, { columns, length, filter: passes, bounds }, context)
    })
  } else {
    if (window !== undefined) {
      const own = { id: `${id}/window` as OperatorId, spec: window, filter }
      to.add('window', (context) => keepingWindow(own, to, context))
      to.isEmission = true
    }
    const perRow = node.perRow === true || !to.isEmission
    to.add('aggregate', (context) => new Aggregate(id, { columns, bounds, perRow }, context))
  }
}

interface KeptWindow {
  readonly id: OperatorId
  readonly spec: WindowSpec
  readonly filter: PlanExpression | undefined
}

/** The one place that knows which windows there are. */
function keepingWindow(
  { id, spec, filter }: KeptWindow,
  to: Compilation,
  context: OperatorContext,
): Operator {
  const passes = filter && to.expressions.compilePredicate(filter)
  const bounds: BoundColumns = boundColumns(to.plan.hidden)
  switch (spec.window) {
    case 'tumbling':
      return new TumblingWindow(id, { spanOf: spansOf(spec, to), filter: passes, bounds }, context)
    case 'count': {
      const { length, interval } = spec
      return new CountWindow(id, { length, interval, filter: passes, bounds }, context)
    }
    case 'hopping':
    case 'sliding':
    case 'session':
    case 'state':
      throw new EngineError(
        'not-supported',
        `rule "${to.plan.ruleId}": ${spec.window} windows are not supported yet (operator ${id})`,
      )
    default:
      return spec satisfies never
  }
}

function spansOf(
  { lengthMs, unit }: WindowSpec & { window: 'tumbling' },
  { plan }: Compilation,
): (time: number) => Span {
  const { timeZone } = plan.settings
  return tumblingSpans({ lengthMs, byDays: unit === 'dd', timeZone })
}

function groupColumns(node: AggregateNode, to: Compilation): GroupColumns {
  const { expressions, hidden } = to
  const named = ({ expression, as }: AggregateNode['keys'][number]): NamedValue => {
    return { value: compileScalar(expression, expressions), as }
  }
  return {
    keys: node.keys.map(named),
    calls: node.calls.map((call) => aggregateColumn(call, to)),
    first: node.first.map(named),
    keepFirst: node.keepFirst === true ? recordOfAll(hidden) : undefined,
  }
}

function aggregateColumn(call: AggregateCall, to: Compilation): AggregateColumn {
  const { expressions, hidden } = to
  const aggregator = aggregatorOf(call, to)
  const args =
    call.star === undefined
      ? call.args.map((arg) => compileScalar(arg, expressions))
      : [recordOfAll([...hidden, ...call.star.except])]
  return {
    aggregator: call.distinct ? distinct(aggregator) : aggregator,
    args,
    filter: call.filter && expressions.compilePredicate(call.filter),
    as: call.as,
  }
}

function aggregatorOf(call: AggregateCall, to: Compilation): Aggregator<unknown> {
  return call.plugin === undefined ? to.expressions.aggregator(call) : to.pluginAggregator(call)
}

/** A copy of the row without those columns. */
function recordOfAll(except: readonly string[]): Value & ((row: Row) => Row) {
  const copy = columnCopier(except)
  return (row) => {
    const made: Row = {}
    copy(made, row)
    return made
  }
}
