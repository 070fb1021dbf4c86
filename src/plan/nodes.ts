import type { Computed, Derived } from './derived.ts'
import type { PlanExpression } from './expression.ts'
import { GroupView } from './group-view.ts'
import type { From } from './joins.ts'
import { type Layer, type Layers, layersOf, stack, unset } from './layers.ts'
import type { PlanNode, ProjectField, RankCall, SourceNode } from './plan.ts'
import type { Field, Statement } from './statement.ts'
import type { Window } from './windows.ts'

export interface Nodes {
  readonly root: PlanNode
  /** Names of the hidden columns that the nodes make. */
  readonly hidden: readonly string[]
}

/** Whether rows come out in emissions of several: behind a window, or a join. */
export function emitsBatches({ window, from }: Statement): boolean {
  return window !== undefined || from !== undefined
}

/**
 * The nodes of a statement, from the source on: analytic functions, WHERE, window or aggregation, HAVING, ORDER BY,
 * LIMIT, the select list. Behind count and sliding windows WHERE comes after the window; and a join stands right behind
 * the window, so that all else sees joined rows.
 */
export function buildNodes(statement: Statement): Nodes {
  const { derived } = statement.resolver
  const { dimensions, where, window } = statement
  const aggregated = derived.aggregates.length > 0 || dimensions.length > 0
  const { from } = statement
  const behindWindow = from !== undefined || (where !== undefined && filtersBehind(window))
  // In front of a join no column is computed.
  const early = behindWindow && from === undefined ? specReaders(window) : []
  const layers = layersOf(derived, {
    where: where === undefined ? early : [where, ...early],
    window: [
      ...(from === undefined ? specReaders(window) : []),
      ...aggregateReaders(derived),
      ...derived.triggers.flatMap(({ start, end, now }) => [start, end, now]),
      ...dimensions,
    ],
    aggregated,
  })
  let node = from === undefined ? sourceNode(0) : joinNodes(from, window)
  node = stack(node, layers.before)
  if (behindWindow && from === undefined) node = windowNode(node, window)
  if (derived.hasRowHits) {
    node = { type: 'hit', id: unset, input: node, predicate: where, clause: 'where' }
  } else if (where !== undefined) {
    node = { type: 'filter', id: unset, input: node, predicate: where, clause: 'where' }
  }
  node = stack(node, layers.between)
  const open = behindWindow ? undefined : window
  if (aggregated) return aggregatedNodes(open, node, statement, layers)
  node = windowNode(node, open)
  for (const call of derived.triggers) {
    node = { type: 'dedup-trigger', id: unset, input: node, ...call }
  }
  node = stack(node, layers.behind)
  return { root: finish(node, statement, (expression) => expression), hidden: hiddenOf(statement) }
}

function hiddenOf({ resolver, unnest }: Statement): readonly string[] {
  return unnest === undefined ? resolver.derived.hidden : [...resolver.derived.hidden, unnest.as]
}

function sourceNode(source: number): SourceNode {
  return { type: 'source', id: unset, source }
}

/** Everything up to the rows that come out of the joins. */
function joinNodes(from: From, window: Window | undefined): PlanNode {
  const { names, feeds, tables, steps, lookups } = from
  const inputs = Array.from({ length: feeds }, (_, source) => sourceNode(source))
  let node: PlanNode = { type: 'merge', id: unset, inputs, names }
  if (tables.length > 0) node = { type: 'tables', id: unset, input: node, tables }
  node = windowNode(node, window)
  const [first] = names
  // Also without a step: rows of one stream become emissions of their own, for the look-ups behind.
  if (first !== undefined) node = { type: 'join', id: unset, input: node, first, steps }
  for (const lookup of lookups) node = { type: 'lookup', id: unset, input: node, ...lookup }
  return node
}

/**
 * Windows that rows drive, not the clock: WHERE drops rows of their emissions, as in the peer, and does not change which
 * rows fill or trigger them. What must not enter them is kept out by FILTER(WHERE …).
 */
function filtersBehind(window: Window | undefined): boolean {
  return window?.spec.window === 'count' || window?.spec.window === 'sliding'
}

function windowNode(input: PlanNode, window: Window | undefined): PlanNode {
  if (window === undefined) return input
  return { type: 'window', id: unset, input, spec: window.spec, filter: window.filter }
}

/** @param window what the aggregation closes itself; `undefined`: its input has the window, or there is none */
function aggregatedNodes(
  window: Window | undefined,
  input: PlanNode,
  statement: Statement,
  layers: Layers,
): Nodes {
  const { derived } = statement.resolver
  const view = new GroupView(statement.dimensions, derived)
  const rewrite = (expression: PlanExpression) => view.rewrite(expression)
  const behind = rewriteLayer(layers.behind, view)
  // Behind the aggregation first: it is what asks for values of the group's first row.
  finish(stack(sourceNode(0), behind), statement, rewrite)
  const aggregate: PlanNode = {
    type: 'aggregate',
    id: unset,
    input,
    window: window?.spec,
    filter: window?.filter,
    keys: view.keys,
    calls: derived.aggregates,
    first: view.first,
    perRow: emitsBatches(statement) ? undefined : true,
    keepFirst: statement.fields.some((field) => field.type === 'star') ? true : undefined,
  }
  const root = finish(stack(aggregate, behind), statement, rewrite)
  const own = [...view.keys, ...view.first].map(({ as }) => as)
  return { root, hidden: [...hiddenOf(statement), ...own] }
}

function rewriteLayer(layer: Layer, view: GroupView): Layer {
  return {
    analytics: layer.analytics.map((call) => view.rewriteAnalytic(call)),
    computes: layer.computes.map(
      ({ as, expression }): Computed => ({ as, expression: view.rewrite(expression) }),
    ),
  }
}

/** HAVING, ORDER BY, LIMIT and the select list over what comes out of the window. */
function finish(
  input: PlanNode,
  statement: Statement,
  rewrite: (expression: PlanExpression) => PlanExpression,
): PlanNode {
  const { having, order, limit, unnest, from, resolver } = statement
  const { derived } = resolver
  let node = input
  const predicate = having && rewrite(having)
  if (derived.hasEmissionHits) {
    node = { type: 'hit', id: unset, input: node, predicate, clause: 'having' }
  } else if (predicate !== undefined) {
    node = { type: 'filter', id: unset, input: node, predicate, clause: 'having' }
  }
  if (derived.ranks.length > 0) {
    const calls = derived.ranks.map((call) => rewriteRank(call, rewrite))
    node = { type: 'rank', id: unset, input: node, calls }
  }
  // Without a window or join an emission is one row: nothing to sort, and only LIMIT 0 cuts.
  const isBatch = emitsBatches(statement)
  if (isBatch && order.length > 0) {
    const keys = order.map((key) => ({ ...key, expression: rewrite(key.expression) }))
    node = { type: 'sort', id: unset, input: node, keys }
  }
  if (unnest !== undefined) {
    const expression = rewrite(unnest.expression)
    node = { type: 'unnest', id: unset, input: node, expression, as: unnest.as }
  }
  const limited = limit !== undefined && (isBatch || limit === 0)
  if (limited && !statement.distinct) {
    node = { type: 'limit', id: unset, input: node, count: limit }
  }
  const fields = statement.fields.flatMap((field) => project(field, from, rewrite))
  node = { type: 'project', id: unset, input: node, fields }
  if (!statement.distinct) return node
  const stream = statement.window === undefined ? true : undefined
  node = { type: 'distinct', id: unset, input: node, stream }
  return limited ? { type: 'limit', id: unset, input: node, count: limit } : node
}

function rewriteRank(
  call: RankCall,
  rewrite: (expression: PlanExpression) => PlanExpression,
): RankCall {
  return {
    ...call,
    partition: call.partition.map(rewrite),
    order: call.order.map((key) => ({ ...key, expression: rewrite(key.expression) })),
  }
}

/** Behind a join a `*` is one of each source; of two columns of a name that of the source further left wins. */
function project(
  field: Field,
  from: From | undefined,
  rewrite: (expression: PlanExpression) => PlanExpression,
): readonly ProjectField[] {
  if (field.type !== 'star') {
    if (field.type === 'spread' && field.expression.type === 'column') {
      if (field.expression.name === '$unnest') return [field]
    }
    return [{ ...field, expression: rewrite(field.expression) }]
  }
  const { source, except } = field
  if (from === undefined) return [{ type: 'star', except }]
  if (source !== undefined) return [{ type: 'star', stream: source.name, except }]
  return from.names.toReversed().map((stream) => ({ type: 'star', stream, except }))
}

/** What a window reads of the rows before it. */
function specReaders(window: Statement['window']): readonly PlanExpression[] {
  if (window === undefined) return []
  const { spec, filter } = window
  const found: (PlanExpression | undefined)[] = [filter]
  if (spec.window === 'sliding') found.push(spec.when)
  if (spec.window === 'session') found.push(...spec.partition)
  if (spec.window === 'state') found.push(spec.begin, spec.emit, ...spec.partition)
  return found.filter((expression) => expression !== undefined)
}

function aggregateReaders({ aggregates }: Derived): readonly PlanExpression[] {
  return aggregates.flatMap((call) => [...call.args, ...(call.filter ? [call.filter] : [])])
}
