import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import { checkArguments } from './call-checks.ts'
import type { Place, Resolution } from './context.ts'
import type { Column, PlanExpression } from './expression.ts'

/** An array whose elements become rows, each in the hidden column. */
export interface Unnest {
  readonly expression: PlanExpression
  readonly as: string
}

/** What a field that gives several columns, or several rows, is computed of. */
export interface MultiColumn {
  readonly expression: PlanExpression
  /** What is said of a value that is no object. */
  readonly strict?: string | undefined
  readonly unnest?: Unnest | undefined
}

const names = ['unnest', 'extract', 'changed_cols'] as const

type Name = (typeof names)[number]

/** The call of a field that gives several columns or rows; `undefined` for any other. */
export function multiColumnCall(expression: ast.Expression): ast.Call | undefined {
  return expression.type === 'call' && nameOf(expression) !== undefined ? expression : undefined
}

function nameOf(node: ast.Call): Name | undefined {
  const lower = node.name.toLowerCase()
  return names.find((name) => name === lower)
}

/** @throws SqlError for such a call inside another expression or outside of the select list */
export function refuseMultiColumn(node: ast.Call, { clause }: Place): void {
  const name = nameOf(node)
  if (name === undefined) return
  const hint = 'make it a field of its own in the select list'
  if (clause === 'SELECT' && name !== 'changed_cols') {
    const what = "select clause shouldn't has nested set-returning-functions"
    throw new SqlError('wrong-arguments', what, node.at, { hint })
  }
  const what = `function ${name} cannot stand ${clause === 'SELECT' ? 'in an expression' : `in ${clause}`}`
  throw new SqlError('wrong-arguments', what, node.at, { hint })
}

export function resolveMultiColumn(node: ast.Call, resolution: Resolution): MultiColumn {
  const place: Place = { clause: 'SELECT' }
  const name = nameOf(node)
  if (name === 'changed_cols') return { expression: changedColumns(node, place, resolution) }
  const args = node.args.map((arg) => resolution.expression(arg, place))
  checkArguments(node, args, resolution)
  const [argument] = args
  if (argument === undefined) throw wrong(node, 'expects an argument')
  if (name === 'extract') return { expression: argument, strict: 'extract should use map' }
  const as = '$unnest'
  const expression: Column = { type: 'column', name: as, dataType: { type: 'any' } }
  return { expression, unnest: { expression: argument, as } }
}

/** @throws SqlError when a statement has several set-returning functions */
export function onlyUnnest(
  fields: readonly { readonly call: ast.Call; readonly value: MultiColumn }[],
): Unnest | undefined {
  const [first, second] = fields.filter(({ value }) => value.unnest !== undefined)
  if (second === undefined) return first?.value.unnest
  throw new SqlError(
    'wrong-arguments',
    'select clause has several set-returning functions',
    second.call.at,
    {
      hint: 'keep one unnest',
    },
  )
}

/**
 * `changed_cols(prefix, ignoreNull, a, b)` as a call whose arguments are `prefix, ignoreNull, "a", a, "b", b`; the columns
 * of a `*` come as the last argument, the row.
 */
function changedColumns(node: ast.Call, place: Place, resolution: Resolution): PlanExpression {
  const [prefix, ignoreNull, ...values] = node.args
  if (prefix === undefined || ignoreNull === undefined || values.length === 0) {
    const what = `validate function changed_cols error: At least has 3 arguments but found ${node.args.length}`
    throw new SqlError('wrong-arguments', what, node.at, {
      hint: 'write changed_cols("prefix", true, a, b)',
    })
  }
  const head = [prefix, ignoreNull].map((arg) => resolution.expression(arg, place))
  if (head[0]?.type !== 'literal' || typeof head[0].value !== 'string') {
    throw wrong(node, 'expects a text as its first argument')
  }
  if (head[1]?.dataType.type !== 'boolean' && head[1]?.dataType.type !== 'any') {
    throw wrong(node, 'expects true or false as its second argument')
  }
  const star = values.find((value) => value.type === 'star')
  if (star?.type === 'star') {
    if (values.length > 1) throw wrong(node, 'expects * alone or columns')
    if (resolution.scope.sources.length > 1) throw wrong(node, 'has no * over several streams')
    resolution.scope.star(star.except)
  }
  const named =
    star === undefined ? values.flatMap((value, i) => pair(value, i, place, resolution)) : []
  const { partition = [], when } = node.over ?? {}
  const resolve = (part: ast.Expression) => resolution.expression(part, place)
  return resolution.derived.analytic(
    {
      name: 'changed_cols',
      args: [...head, ...named],
      partition: partition.map(resolve),
      when: when && resolve(when),
      order: [],
      star: star?.type === 'star' ? { except: star.except } : undefined,
      dataType: { type: 'struct' },
    },
    false,
  )
}

function pair(
  value: ast.Expression,
  index: number,
  place: Place,
  resolution: Resolution,
): PlanExpression[] {
  const name =
    value.type === 'name' || value.type === 'member' ? value.name : `kuiper_field_${index}`
  const literal: PlanExpression = { type: 'literal', value: name, dataType: { type: 'string' } }
  return [literal, resolution.expression(value, place)]
}

function wrong(node: ast.Call, what: string): SqlError {
  return new SqlError('wrong-arguments', `function ${node.name.toLowerCase()} ${what}`, node.at)
}
