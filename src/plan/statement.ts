import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import { printExpression } from '#src/sql/print.ts'
import { Aliases } from './aliases.ts'
import type { Clause } from './context.ts'
import type { PlanExpression } from './expression.ts'
import { checkBeforeJoin, type From, resolveFrom } from './joins.ts'
import {
  type MultiColumn,
  multiColumnCall,
  onlyUnnest,
  resolveMultiColumn,
  type Unnest,
} from './multi-column.ts'
import { Resolver, type ResolverParts } from './resolve.ts'
import { type SelectItem, type StarItem, selectItems } from './select-list.ts'
import { checkGrouped, resolveWindow, splitGroupBy, type Window } from './windows.ts'

/** A SELECT whose every expression is resolved; what they compute on the way stands in the resolver's `derived`. */
export interface Statement {
  readonly resolver: Resolver
  /** `undefined` in a statement over one stream. */
  readonly from: From | undefined
  readonly where: PlanExpression | undefined
  readonly window: Window | undefined
  readonly dimensions: readonly PlanExpression[]
  readonly fields: readonly Field[]
  readonly having: PlanExpression | undefined
  readonly order: readonly { readonly expression: PlanExpression; readonly descending: boolean }[]
  readonly limit: number | undefined
  readonly unnest: Unnest | undefined
  readonly distinct: boolean
}

export type Field =
  | StarItem
  | { readonly type: 'value'; readonly name: string; readonly expression: PlanExpression }
  | {
      readonly type: 'spread'
      readonly name: string
      readonly expression: PlanExpression
      readonly strict: string | undefined
    }

/** @throws SqlError for what cannot be, with its place in the text */
export function resolveStatement(
  select: ast.Select,
  parts: Omit<ResolverParts, 'aliases' | 'hasWindow'>,
): Statement {
  const { scope, functions } = parts
  const items = selectItems(select.fields, scope, functions)
  const groupBy = splitGroupBy(select.groupBy)
  const aliases = new Aliases(select.fields)
  const resolver = new Resolver({ ...parts, aliases, hasWindow: groupBy.window !== undefined })
  const resolve = (clause: Clause) => (expression: ast.Expression) =>
    resolver.expression(expression, { clause })
  // In the order of the flow: what stands first in it gets its hidden columns first, and keeps them.
  const from = resolveFrom(select, groupBy.window, resolver)
  const where = select.where && resolve('WHERE')(select.where)
  const windowPart = (expression: ast.Expression) => {
    const resolved = resolve('window')(expression)
    if (from !== undefined) checkBeforeJoin(resolved, expression.at, 'the window')
    return resolved
  }
  const window = groupBy.window && resolveWindow(groupBy.window, windowPart)
  const dimensions = groupBy.dimensions.map(resolve('GROUP BY'))
  checkGrouped(select, groupBy.window)
  const values = items.map((item) => resolveItem(item, aliases, resolver))
  const having = select.having && resolve('HAVING')(select.having)
  if (select.having !== undefined) checkHaving(select.having, having, resolver)
  const order = select.orderBy.map((key) => ({
    expression: resolve('ORDER BY')(key.expression),
    descending: key.descending,
  }))
  const multiple = items.flatMap((item) => multiColumn(item, resolver))
  const plain = items.flatMap((item, i) => fieldsOf(item, values[i], aliases, resolver))
  const spread = multiple.map(({ name, value }): Field => {
    return { type: 'spread', name, expression: value.expression, strict: value.strict }
  })
  checkHits(select, resolver, dimensions.length > 0)
  return {
    resolver,
    from,
    where,
    window,
    dimensions,
    fields: [...plain, ...spread],
    having,
    order,
    limit: limitOf(select),
    unnest: onlyUnnest(multiple),
    distinct: select.distinct,
  }
}

/** A field that gives several columns or rows. */
function multiColumn(
  item: SelectItem,
  resolver: Resolver,
): readonly { name: string; call: ast.Call; value: MultiColumn }[] {
  if (item.type === 'star') return []
  const call = multiColumnCall(item.expression)
  if (call === undefined) return []
  return [{ name: item.name, call, value: resolveMultiColumn(call, resolver) }]
}

function checkHits({ at }: ast.Select, { derived }: Resolver, isGrouped: boolean): void {
  const isAggregate = isGrouped || derived.aggregates.length > 0
  if (derived.triggers.length > 0 && isAggregate) {
    throw new SqlError('wrong-arguments', 'dedup_trigger in an aggregate query', at, {
      hint: 'use it in a rule of its own, over the stream or a memory topic',
    })
  }
  if (derived.hasRowHits && isAggregate) {
    const what = 'last_hit_count() and last_hit_time() in an aggregate query'
    throw new SqlError('wrong-arguments', what, at, {
      hint: 'use last_agg_hit_count() and last_agg_hit_time()',
    })
  }
  if (!derived.hasEmissionHits || isAggregate) return
  const what = 'last_agg_hit_count() and last_agg_hit_time() without an aggregate'
  throw new SqlError('wrong-arguments', what, at, {
    hint: 'use last_hit_count() and last_hit_time()',
  })
}

function resolveItem(
  item: SelectItem,
  aliases: Aliases,
  resolver: Resolver,
): PlanExpression | undefined {
  if (item.type === 'star') {
    resolver.scope.star(item.except, item.source)
    return undefined
  }
  const { name, expression } = item
  if (multiColumnCall(expression) !== undefined) return undefined
  if (item.isAlias) return aliases.field(name, expression.at, resolver)
  return resolver.expression(expression, { clause: 'SELECT', self: name })
}

/** An alias that others use may meanwhile have a hidden column of its own: asked for again. */
function fieldsOf(
  item: SelectItem,
  value: PlanExpression | undefined,
  aliases: Aliases,
  resolver: Resolver,
): readonly Field[] {
  if (item.type === 'star') return [item]
  const { name, invisible } = item
  if (multiColumnCall(item.expression) !== undefined) return []
  const shared = item.isAlias ? aliases.field(name, item.expression.at, resolver) : value
  if (invisible || shared === undefined) return []
  return [{ type: 'value', name, expression: shared }]
}

function checkHaving(
  written: ast.Expression,
  having: PlanExpression | undefined,
  resolver: Resolver,
): void {
  if (having === undefined || resolver.derived.isAbove(having)) return
  const what = `not allowed to call non-aggregate functions in HAVING clause: ${printExpression(written)}`
  throw new SqlError('misplaced-aggregate', what, written.at, {
    hint: 'move a condition on rows to WHERE',
  })
}

function limitOf({ limit, at }: ast.Select): number | undefined {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return limit
  throw new SqlError('bad-limit', `limit cannot be ${limit}`, at, {
    hint: 'write a whole number from 0, or leave LIMIT out',
  })
}
