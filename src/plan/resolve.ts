import type { FunctionTable } from '#src/functions/table.ts'
import type * as ast from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { Aliases } from './aliases.ts'
import { resolveCall } from './calls.ts'
import type { Place, Resolution } from './context.ts'
import { typeName } from './data-types.ts'
import type { Derived } from './derived.ts'
import type { Case, PlanExpression } from './expression.ts'
import type { Extensions } from './extensions.ts'
import { BOOLEAN, binaryType, commonType, elementType, fieldType, negateType } from './infer.ts'
import { PluginList } from './plugin-list.ts'
import type { Scope } from './scope.ts'
import { ANY } from './types.ts'

export interface ResolverParts {
  readonly scope: Scope
  readonly derived: Derived
  readonly functions: FunctionTable
  readonly extensions: Extensions
  readonly aliases: Aliases
  readonly hasWindow: boolean
}

/** From expressions as written to expressions of the plan: names found, types inferred, calls told apart. */
export class Resolver implements Resolution {
  readonly scope: Scope
  readonly derived: Derived
  readonly functions: FunctionTable
  readonly extensions: Extensions
  readonly plugins = new PluginList()
  readonly hasWindow: boolean
  readonly #aliases: Aliases

  constructor(parts: ResolverParts) {
    this.scope = parts.scope
    this.derived = parts.derived
    this.functions = parts.functions
    this.extensions = parts.extensions
    this.hasWindow = parts.hasWindow
    this.#aliases = parts.aliases
  }

  alias(name: string, at: ast.Position, place: Place): PlanExpression | undefined {
    return this.#aliases.resolve(name, at, place, this)
  }

  /** @throws SqlError for names, functions and arguments that cannot be */
  expression(node: ast.Expression, place: Place): PlanExpression {
    const resolve = (part: ast.Expression) => this.expression(part, place)
    const optional = (part: ast.Expression | undefined) => part && this.expression(part, place)
    switch (node.type) {
      case 'literal':
        return { type: 'literal', value: node.value, dataType: { type: node.kind } }
      case 'name':
        return this.alias(node.name, node.at, place) ?? this.scope.column(node.name, node.at)
      case 'star':
        throw misplacedStar(node)
      case 'member':
        return this.#member(node, place)
      case 'subscript': {
        const base = resolve(node.base)
        const dataType = elementType(base.dataType)
        return { type: 'index', base, index: resolve(node.index), dataType }
      }
      case 'slice': {
        const base = resolve(node.base)
        const [from, to] = [optional(node.from), optional(node.to)]
        checkSlice(from, to, node.at)
        return { type: 'slice', base, from, to, dataType: base.dataType }
      }
      case 'call':
        return resolveCall(node, place, this)
      case 'unary':
        return this.#unary(node, place)
      case 'binary': {
        const [left, right] = [resolve(node.left), resolve(node.right)]
        const dataType = binaryType(node.operator, left.dataType, right.dataType)
        return { type: 'binary', operator: node.operator, left, right, dataType }
      }
      case 'between': {
        const [operand, low, high] = [resolve(node.operand), resolve(node.low), resolve(node.high)]
        return { type: 'between', not: node.not, operand, low, high, dataType: BOOLEAN }
      }
      case 'in': {
        const operand = resolve(node.operand)
        const [list, set] = [node.list?.map(resolve), optional(node.set)]
        return { type: 'in', not: node.not, operand, list, set, dataType: BOOLEAN }
      }
      case 'like': {
        const [operand, pattern] = [resolve(node.operand), resolve(node.pattern)]
        return { type: 'like', not: node.not, operand, pattern, dataType: BOOLEAN }
      }
      case 'is-null':
        return {
          type: 'is-null',
          not: node.not,
          operand: resolve(node.operand),
          dataType: BOOLEAN,
        }
      case 'case':
        return this.#case(node, place)
      default:
        return node satisfies never
    }
  }

  /** `stream.column`, or a way into an object: a dot whose left side is no stream reads like an arrow. */
  #member(node: ast.Member, place: Place): PlanExpression {
    if (node.name === '*') throw misplacedStar(node)
    const { base, name, at } = node
    if (node.operator === '.' && base.type === 'name') {
      const source = this.scope.source(base.name)
      if (source !== undefined) return this.scope.column(name, at, source)
    }
    const inner = this.expression(base, place)
    const dataType = fieldType(inner.dataType, name)
    if (dataType !== undefined) return { type: 'path', base: inner, name, dataType }
    // An arrow on an array fails row by row, as in the peer; on a known scalar it can never work.
    if (inner.dataType.type === 'array') return { type: 'path', base: inner, name, dataType: ANY }
    if (inner.dataType.type === 'struct') {
      const fields = Object.keys(inner.dataType.fields ?? {})
      const hint = didYouMean(nearest(name, fields), `it has ${fields.join(', ')}`)
      throw new SqlError('unknown-column', `unknown field ${name} of a STRUCT`, at, { hint })
    }
    const what = `cannot take ->${name} of a ${typeName(inner.dataType)}`
    throw new SqlError('wrong-type', what, at, { hint: 'only objects have fields' })
  }

  #unary(node: ast.Unary, place: Place): PlanExpression {
    const operand = this.expression(node.operand, place)
    if (node.operator === 'NOT') return { type: 'not', operand, dataType: BOOLEAN }
    if (operand.type === 'literal' && isNumber(operand.value)) {
      return { ...operand, value: negated(operand.value) }
    }
    return { type: 'negate', operand, dataType: negateType(operand.dataType) }
  }

  #case(node: ast.Case, place: Place): Case {
    const resolve = (part: ast.Expression) => this.expression(part, place)
    const whens = node.whens.map((when) => {
      const condition = resolve(when.condition)
      if (node.value === undefined) checkCondition(condition, when.condition.at)
      return { condition, result: resolve(when.result) }
    })
    const otherwise = node.otherwise && resolve(node.otherwise)
    const results = [...whens.map((when) => when.result), ...(otherwise ? [otherwise] : [])]
    return {
      type: 'case',
      value: node.value && resolve(node.value),
      whens,
      otherwise,
      dataType: commonType(results.map((result) => result.dataType)),
    }
  }
}

/** What is known not to be a condition now never becomes one. */
function checkCondition({ dataType }: PlanExpression, at: ast.Position): void {
  if (dataType.type === 'boolean' || dataType.type === 'any') return
  const what = 'invalid CASE expression, WHEN expression must be a bool condition'
  throw new SqlError('wrong-type', what, at, { hint: `this is a ${typeName(dataType)}` })
}

function checkSlice(
  from: PlanExpression | undefined,
  to: PlanExpression | undefined,
  at: ast.Position,
): void {
  if (from?.type !== 'literal' || to?.type !== 'literal') return
  const [start, end] = [from.value, to.value]
  // Negative ends count from the end of the array: only its length tells.
  if (!isNumber(start) || !isNumber(end) || start < 0 || end < 0 || start <= end) return
  throw new SqlError('wrong-arguments', "colon start value can't be greater than end value", at, {
    hint: `write [${end}:${start}]`,
  })
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function negated(value: number | bigint): number | bigint {
  return value === 0 ? 0 : -value
}

function misplacedStar(node: ast.Star | ast.Member): SqlError {
  return new SqlError('wrong-arguments', 'a * cannot stand here', node.at, {
    hint: 'it stands for all columns in a select list or in an aggregate such as count(*)',
  })
}
