import type { Computed, Derived } from './derived.ts'
import type { PlanExpression } from './expression.ts'
import { GroupView } from './group-view.ts'
import { type Layer, type Layers, layersOf, stack, unset } from './layers.ts'
import type { PlanNode, ProjectField } from './plan.ts'
import type { Field, Statement } from './statement.ts'
import type { Window } from './windows.ts'

export interface Nodes {
  readonly root: PlanNode
  /** Names of the hidden columns that the nodes make. */
  readonly hidden: readonly string[]
}

/**
 * The nodes of a statement, from the source on: analytic functions, WHERE, window or aggregation, HAVING, ORDER BY,
 * LIMIT, the select list. Behind count and sliding windows WHERE comes after the window.
 */
export function buildNodes(statement: Statement): Nodes {
  const { derived } = statement.resolver
  const { dimensions, where, window } = statement
  const aggregated = derived.aggregates.length > 0 || dimensions.length > 0
  const behindWindow = where !== undefined && filtersBehind(window)
  const early = behindWindow ? specReaders(window) : []
  const layers = layersOf(derived, {
    where: where === undefined ? early : [where, ...early],
    window: [...specReaders(window), ...aggregateReaders(derived), ...dimensions],
    aggregated,
  })
  let node: PlanNode = { type: 'source', id: unset, source: 0 }
  node = stack(node, layers.before)
  if (behindWindow) node = windowNode(node, window)
  if (where !== undefined) {
    node = { type: 'filter', id: unset, input: node, predicate: where, clause: 'where' }
  }
  node = stack(node, layers.between)
  const open = behindWindow ? undefined : window
  if (aggregated) return aggregatedNodes(open, node, statement, layers)
  node = stack(windowNode(node, open), layers.behind)
  return { root: finish(node, statement, (expression) => expression), hidden: derived.hidden }
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
  const placeholder: PlanNode = { type: 'source', id: unset, source: 0 }
  finish(stack(placeholder, behind), statement, rewrite)
  const aggregate: PlanNode = {
    type: 'aggregate',
    id: unset,
    input,
    window: window?.spec,
    filter: window?.filter,
    keys: view.keys,
    calls: derived.aggregates,
    first: view.first,
    perRow: statement.window === undefined ? true : undefined,
    keepFirst: statement.fields.some((field) => field.type === 'star') ? true : undefined,
  }
  const root = finish(stack(aggregate, behind), statement, rewrite)
  const own = [...view.keys, ...view.first].map(({ as }) => as)
  return { root, hidden: [...derived.hidden, ...own] }
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
  const { having, order, limit, window, fields } = statement
  let node = input
  if (having !== undefined) {
    const predicate = rewrite(having)
    node = { type: 'filter', id: unset, input: node, predicate, clause: 'having' }
  }
  // Without a window an emission is one row: nothing to sort, and only LIMIT 0 cuts.
  if (window !== undefined && order.length > 0) {
    const keys = order.map((key) => ({ ...key, expression: rewrite(key.expression) }))
    node = { type: 'sort', id: unset, input: node, keys }
  }
  if (limit !== undefined && (window !== undefined || limit === 0)) {
    node = { type: 'limit', id: unset, input: node, count: limit }
  }
  return { type: 'project', id: unset, input: node, fields: fields.map((f) => project(f, rewrite)) }
}

function project(
  field: Field,
  rewrite: (expression: PlanExpression) => PlanExpression,
): ProjectField {
  if (field.type === 'star') return { type: 'star', except: field.except }
  return { ...field, expression: rewrite(field.expression) }
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
