import type { Aggregator } from '#src/functions/declaration.ts'
import { Aggregate } from '#src/operators/aggregate.ts'
import type { Value } from '#src/operators/compiled.ts'
import { distinct } from '#src/operators/distinct.ts'
import type { AggregateColumn, GroupColumns, NamedValue } from '#src/operators/group-columns.ts'
import type { OperatorId } from '#src/operators/operator.ts'
import { boundColumns } from '#src/operators/window/bounds.ts'
import { canonical } from '#src/plan/canonical.ts'
import type { AggregateCall, PlanExpression } from '#src/plan/expression.ts'
import type { AggregateNode, PlanNode, WindowNode } from '#src/plan/plan.ts'
import { some } from '#src/plan/walk.ts'
import type { Compilation } from './compilation.ts'
import { aggregatingWindow, keepingWindow } from './compile-window.ts'
import { mayWait } from './plugin-columns.ts'
import { rowCopier, wholeRow } from './record.ts'
import { compileScalar } from './scalar.ts'

/** A window that keeps its rows. */
export function compileWindow(node: WindowNode, to: Compilation): void {
  const { id, spec, filter } = node
  to.add('window', keepingWindow({ id, spec, filter }, to))
}

/**
 * An aggregate: over a window row by row where the window allows it, else over the batches that a window in front of it
 * makes.
 * @param where of the statement, where it stands between the window and the aggregation
 */
export function compileAggregate(
  node: AggregateNode,
  to: Compilation,
  where?: PlanExpression,
): void {
  const { id, window: spec, filter } = node
  const columns = groupColumns(node, to)
  if (spec !== undefined) {
    const keys = node.keys.map(({ expression }) => expression)
    const make = aggregatingWindow({ id, spec, filter, columns, keys, where }, to)
    if (make !== undefined) {
      to.add('aggregate', make)
      return
    }
    to.add('window', keepingWindow({ id: `${id}/window` as OperatorId, spec, filter }, to))
    to.isEmission = true
  }
  const bounds = boundColumns(to.plan.hidden)
  const perRow = node.perRow === true || !to.isEmission
  to.add('aggregate', (context) => new Aggregate(id, { columns, bounds, perRow }, context))
}

/**
 * An aggregation over a sliding window with WHERE between them: as one operator, which does not have to go through the
 * window's rows each time that it fires.
 */
export function slidingWithWhere(
  node: PlanNode,
): { readonly node: AggregateNode; readonly where: PlanExpression } | undefined {
  if (node.type !== 'aggregate' || node.window !== undefined) return undefined
  const { input } = node
  if (input.type !== 'filter' || input.clause !== 'where') return undefined
  const { predicate: where, input: window } = input
  if (window.type !== 'window' || window.spec.window !== 'sliding') return undefined
  if (mayWait(where)) return undefined
  const { spec, filter } = window
  return { where, node: { ...node, input: window.input, window: spec, filter } }
}

function groupColumns(node: AggregateNode, to: Compilation): GroupColumns {
  const { expressions, hidden } = to
  const named = ({ expression, as }: AggregateNode['keys'][number]): NamedValue => {
    return { value: compileScalar(expression, expressions), as }
  }
  const shared = new Map<string, Value>()
  return {
    keys: node.keys.map(named),
    calls: withShared(node.calls.map((call) => aggregateColumn(call, to, shared))),
    first: node.first.map(named),
    keepFirst: node.keepFirst === true ? rowCopier(hidden) : undefined,
  }
}

/** @param shared arguments of all calls: windows that keep them keep each once */
function aggregateColumn(
  call: AggregateCall,
  to: Compilation,
  shared: Map<string, Value>,
): AggregateColumn {
  const { expressions, hidden } = to
  const aggregator = aggregatorOf(call, to)
  const written = call.args.map((arg) => argument(arg, to, shared))
  const args =
    call.star === undefined
      ? written
      : [wholeRow([...hidden, ...call.star.except], to.names), ...written]
  return {
    aggregator: call.distinct ? distinct(aggregator) : aggregator,
    args,
    filter: call.filter && expressions.compilePredicate(call.filter),
    as: call.as,
  }
}

/** Calls that take the same rows into accumulators in the same way share one. */
function withShared(calls: readonly AggregateColumn[]): AggregateColumn[] {
  const own: AggregateColumn[] = []
  for (const call of calls) {
    const i = own.findIndex((other) => isAlike(other, call))
    const other = own[i]
    if (other === undefined) own.push(call)
    else own[i] = { ...other, also: [...(other.also ?? []), call] }
  }
  return own
}

function isAlike(a: AggregateColumn, b: AggregateColumn): boolean {
  return (
    a.filter === undefined &&
    b.filter === undefined &&
    a.aggregator.init === b.aggregator.init &&
    a.aggregator.add === b.aggregator.add &&
    a.aggregator.merge === b.aggregator.merge &&
    a.args.length === b.args.length &&
    a.args.every((value, i) => value === b.args[i])
  )
}

function argument(written: PlanExpression, to: Compilation, shared: Map<string, Value>): Value {
  // What calls a function may have another value each time.
  if (some(written, ({ type }) => type === 'call')) return compileScalar(written, to.expressions)
  const text = canonical(written)
  const known = shared.get(text)
  if (known !== undefined) return known
  const made = compileScalar(written, to.expressions)
  shared.set(text, made)
  return made
}

function aggregatorOf(call: AggregateCall, to: Compilation): Aggregator<unknown> {
  return call.plugin === undefined ? to.expressions.aggregator(call) : to.pluginAggregator(call)
}
