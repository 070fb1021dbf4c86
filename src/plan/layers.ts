import type { Computed, Derived } from './derived.ts'
import { analyticParts } from './derived.ts'
import type { AnalyticCall, PlanExpression } from './expression.ts'
import type { OperatorId, PlanNode } from './plan.ts'
import { some } from './walk.ts'

/** Hidden columns that are computed at the same place of the flow. */
export interface Layer {
  readonly analytics: readonly AnalyticCall[]
  readonly computes: readonly Computed[]
}

/** Where in the flow each hidden column is computed: no earlier than its inputs allow, no later than it is read. */
export interface Layers {
  /** Before WHERE: analytic functions see every row. */
  readonly before: Layer
  /** Between WHERE and the window or aggregation. */
  readonly between: Layer
  /** Behind the window or aggregation; before the select list where there is none. */
  readonly behind: Layer
}

export interface Readers {
  readonly where: readonly PlanExpression[]
  /** What the window, its filter, the dimensions and the aggregates read. */
  readonly window: readonly PlanExpression[]
  /** No row passes an aggregation: what is not above it must be computed before. */
  readonly aggregated: boolean
}

export function layersOf(derived: Derived, readers: Readers): Layers {
  const isAbove = (computed: Computed) => derived.isAbove(computed.expression)
  const early = derived.analytics.filter(
    (call) => !analyticParts(call).some((part) => derived.isAbove(part)),
  )
  const late = derived.analytics.filter((call) => !early.includes(call))
  const low = derived.computes.filter((computed) => !isAbove(computed))
  const before = readBy([...readers.where, ...early.flatMap(analyticParts)], low)
  const between = readers.aggregated ? low : readBy(readers.window, low)
  const rest = derived.computes.filter((c) => !before.includes(c) && !between.includes(c))
  return {
    before: { analytics: early, computes: before },
    between: { analytics: [], computes: between.filter((computed) => !before.includes(computed)) },
    behind: { analytics: late, computes: rest },
  }
}

/** What of the computed columns is read, directly or by another one that is read. */
function readBy(readers: readonly PlanExpression[], computes: readonly Computed[]): Computed[] {
  const found = new Set<Computed>()
  const look = (expression: PlanExpression): void => {
    for (const computed of computes) {
      if (found.has(computed) || !reads(expression, computed.as)) continue
      found.add(computed)
      look(computed.expression)
    }
  }
  for (const reader of readers) look(reader)
  return computes.filter((computed) => found.has(computed))
}

/** The nodes of a layer over their input: what reads another column of the layer stands in a node behind it. */
export function stack(input: PlanNode, layer: Layer): PlanNode {
  let node = input
  let { analytics, computes } = layer
  while (analytics.length > 0 || computes.length > 0) {
    const open = new Set([...analytics, ...computes].map(({ as }) => as))
    const ready = (parts: readonly PlanExpression[]) => !parts.some((part) => readsAny(part, open))
    const columns = computes.filter((computed) => ready([computed.expression]))
    const calls = analytics.filter((call) => ready(analyticParts(call)))
    if (columns.length > 0) node = { type: 'compute', id: unset, input: node, columns }
    if (calls.length > 0) node = { type: 'analytic', id: unset, input: node, calls }
    computes = computes.filter((computed) => !columns.includes(computed))
    analytics = analytics.filter((call) => !calls.includes(call))
  }
  return node
}

/** Identities are given when the whole plan stands. */
export const unset = '' as OperatorId

function reads(expression: PlanExpression, name: string): boolean {
  return some(expression, (part) => part.type === 'column' && part.name === name)
}

function readsAny(expression: PlanExpression, names: ReadonlySet<string>): boolean {
  return some(expression, (part) => part.type === 'column' && names.has(part.name))
}
