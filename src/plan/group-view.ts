import { canonical } from './canonical.ts'
import type { Computed, Derived } from './derived.ts'
import type { AnalyticCall, Column, PlanExpression } from './expression.ts'
import { mapParts, some } from './walk.ts'

/**
 * The row behind an aggregation has the dimensions, the aggregates, and the values of the group's first row that
 * anything asks for: rewrites expressions over rows to expressions over that one, and keeps what they ask for.
 */
export class GroupView {
  readonly keys: readonly Computed[]
  readonly #first = new Map<string, Computed>()
  readonly #byText: ReadonlyMap<string, Computed>
  readonly #derived: Derived

  constructor(dimensions: readonly PlanExpression[], derived: Derived) {
    const byText = new Map<string, Computed>()
    for (const expression of dimensions) {
      const text = canonical(expression)
      if (!byText.has(text)) byText.set(text, { expression, as: `$key${byText.size}` })
    }
    this.#byText = byText
    this.keys = [...byText.values()]
    this.#derived = derived
  }

  get first(): readonly Computed[] {
    return [...this.#first.values()]
  }

  rewrite(expression: PlanExpression): PlanExpression {
    const key = this.#keyOf(expression)
    if (key !== undefined) return hiddenColumn(key)
    if (isAccess(expression) && !this.#holdsKey(expression) && !this.#derived.isAbove(expression)) {
      return this.#firstOf(expression)
    }
    if (expression.type === 'column') return expression
    return mapParts(expression, (part) => this.rewrite(part))
  }

  rewriteAnalytic(call: AnalyticCall): AnalyticCall {
    const rewrite = (expression: PlanExpression) => this.rewrite(expression)
    return {
      ...call,
      args: call.args.map(rewrite),
      partition: call.partition.map(rewrite),
      when: call.when && rewrite(call.when),
      order: call.order.map((key) => ({ ...key, expression: rewrite(key.expression) })),
    }
  }

  #firstOf(expression: PlanExpression): Column {
    const text = canonical(expression)
    const known = this.#first.get(text) ?? { expression, as: `$first${this.#first.size}` }
    this.#first.set(text, known)
    return hiddenColumn(known)
  }

  /** The texts of a long expression's parts are long in sum: made only where a dimension looks alike. */
  #keyOf(expression: PlanExpression): Computed | undefined {
    const alike = this.keys.some((key) => key.expression.type === expression.type)
    return alike ? this.#byText.get(canonical(expression)) : undefined
  }

  #holdsKey(expression: PlanExpression): boolean {
    return some(expression, (part) => this.#keyOf(part) !== undefined)
  }
}

/** A column, or a fixed way into it: cheap to take from the first row, and less to keep than the whole column. */
function isAccess(expression: PlanExpression): boolean {
  if (expression.type === 'column') return true
  if (expression.type === 'path') return isAccess(expression.base)
  return (
    expression.type === 'index' && expression.index.type === 'literal' && isAccess(expression.base)
  )
}

function hiddenColumn({ as, expression }: Computed): Column {
  return { type: 'column', name: as, dataType: expression.dataType }
}
