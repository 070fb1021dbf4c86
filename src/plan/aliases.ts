import type { Expression, Position, SelectField } from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import { childrenOf } from '#src/sql/tree.ts'
import { allowsAggregates, type Place, type Resolution } from './context.ts'
import type { PlanExpression } from './expression.ts'
import { isKeyed } from './keyed.ts'
import { multiColumnCall } from './multi-column.ts'
import { isRepeatable } from './purity.ts'
import { size } from './walk.ts'

/** Larger expressions are computed once per row instead of wherever their alias is used. */
const largestInlined = 8

interface Alias {
  readonly name: string
  readonly ast: Expression
  resolved?: PlanExpression | undefined
  /** Set when the alias is used elsewhere and its value is computed once for all. */
  shared?: PlanExpression | undefined
}

/**
 * The aliases of the select list. Each may be used by the other fields and by all clauses, whatever their order, and wins
 * over a column of its name, but not in its own expression: `a + 1 AS a` reads the column.
 */
export class Aliases {
  readonly #aliases = new Map<string, Alias>()
  /** Those being resolved, outermost first. */
  readonly #open: string[] = []

  constructor(fields: readonly SelectField[]) {
    for (const { as, expression } of fields) {
      const isValue = expression.type !== 'star' && multiColumnCall(expression) === undefined
      if (as !== undefined && isValue) {
        this.#aliases.set(as, { name: as, ast: expression })
      }
    }
  }

  resolve(
    name: string,
    at: Position,
    place: Place,
    resolution: Resolution,
  ): PlanExpression | undefined {
    const alias = this.#aliases.get(name)
    if (alias === undefined || place.self === name) return undefined
    if (!allowsAggregates(place) && this.#columnIsMeant(alias, place, resolution)) return undefined
    const expression = this.field(name, at, resolution)
    if (expression === undefined) return undefined
    this.#checkPlace(alias, expression, at, place, resolution)
    if (isComputedHere(expression, place, resolution)) return alias.resolved
    if (alias.shared === undefined) alias.shared = share(expression, resolution)
    return alias.shared
  }

  /** The expression of the field with this alias, for the field itself. */
  field(name: string, at: Position, resolution: Resolution): PlanExpression | undefined {
    const alias = this.#aliases.get(name)
    if (alias === undefined) return undefined
    if (alias.resolved !== undefined) return alias.shared ?? alias.resolved
    if (this.#open.includes(name)) {
      const way = [...this.#open.slice(this.#open.indexOf(name)), name].join(' -> ')
      throw new SqlError('cyclic-alias', `select fields have cycled alias: ${way}`, at, {
        hint: 'give one of them a name that no other field uses',
      })
    }
    this.#open.push(name)
    alias.resolved = resolution.expression(alias.ast, { clause: 'SELECT', self: name })
    this.#open.pop()
    return alias.resolved
  }

  /**
   * `SELECT avg(t) AS t … WHERE t > 1`: where an aggregate has no value yet, the name can only mean the column that the
   * alias hides.
   */
  #columnIsMeant(alias: Alias, place: Place, resolution: Resolution): boolean {
    if (this.#open.includes(alias.name)) return false
    const expression = this.field(alias.name, alias.ast.at, resolution)
    if (expression === undefined || !resolution.derived.isAbove(expression)) return false
    return (
      place.self === alias.name ||
      resolution.scope.declares(alias.name) ||
      mentions(alias.ast, alias.name)
    )
  }

  #checkPlace(
    alias: Alias,
    expression: PlanExpression,
    at: Position,
    place: Place,
    resolution: Resolution,
  ): void {
    if (allowsAggregates(place) || !resolution.derived.isAbove(expression)) return
    const where = place.inAggregate === undefined ? place.clause : `${place.inAggregate}()`
    const what = `the alias ${alias.name} has its value behind the window only, not in ${where}`
    const hint = place.clause === 'WHERE' ? 'use HAVING' : 'name a column'
    throw new SqlError('misplaced-aggregate', what, at, { hint })
  }
}

/** Where no column can be computed for all uses: in front of a join, and where WHERE counts. */
function isComputedHere(
  expression: PlanExpression,
  { clause }: Place,
  { scope, derived }: Resolution,
): boolean {
  if (clause === 'ON' || (clause === 'window' && isKeyed(scope))) return true
  return derived.countsRows(expression)
}

function share(expression: PlanExpression, resolution: Resolution): PlanExpression {
  const inline = size(expression) <= largestInlined && isRepeatable(expression, resolution)
  return inline ? expression : resolution.derived.compute(expression)
}

/** Whether a name stands anywhere in an expression. */
function mentions(expression: Expression, name: string): boolean {
  if (expression.type === 'name') return expression.name === name
  return childrenOf(expression).some((part) => mentions(part, name))
}
