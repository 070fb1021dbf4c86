import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import { allowsAggregates, type Place, type Resolution } from './context.ts'
import type { PlanExpression } from './expression.ts'

/** Functions of what the rule emitted before: by name, whether they count what HAVING passed. */
const hits: ReadonlyMap<string, boolean> = new Map([
  ['last_hit_count', false],
  ['last_hit_time', false],
  ['last_agg_hit_count', true],
  ['last_agg_hit_time', true],
])

/** The hidden columns that stand for calls with a place of their own in the flow; `undefined` for any other call. */
export function resolvePlaced(
  node: ast.Call,
  place: Place,
  resolution: Resolution,
): PlanExpression | undefined {
  const lower = node.name.toLowerCase()
  const behindHaving = hits.get(lower)
  if (behindHaving !== undefined) return hit(node, behindHaving, place, resolution)
  if (lower === 'row_number') return rowNumber(node, place, resolution)
  if (lower === 'dedup_trigger') return dedupTrigger(node, place, resolution)
  return undefined
}

function hit(
  node: ast.Call,
  behindHaving: boolean,
  place: Place,
  { derived }: Resolution,
): PlanExpression {
  const name = node.name.toLowerCase()
  refuseArguments(node)
  const allowed = behindHaving ? allowsAggregates(place) : !isBeforeWhere(place)
  if (!allowed) {
    const where = place.inAggregate ?? place.inAnalytic ?? place.clause
    throw new SqlError('wrong-arguments', `${name}() has no value yet in ${where}`, node.at, {
      hint: behindHaving ? 'use it in SELECT, HAVING or ORDER BY' : 'use it in SELECT or WHERE',
    })
  }
  return derived.hit(`${name}()`, behindHaving)
}

function isBeforeWhere({ clause, inAggregate, inAnalytic }: Place): boolean {
  if (inAggregate !== undefined || inAnalytic !== undefined) return true
  return clause === 'ON' || clause === 'window'
}

function rowNumber(node: ast.Call, place: Place, resolution: Resolution): PlanExpression {
  refuseArguments(node)
  const isField = place.clause === 'SELECT' && place.inAggregate === undefined
  if (!isField || place.inAnalytic !== undefined) {
    throw new SqlError(
      'wrong-arguments',
      'window functions can only be in select fields',
      node.at,
      { hint: 'use row_number() in SELECT' },
    )
  }
  const inside: Place = { ...place, inAnalytic: 'row_number' }
  const resolve = (part: ast.Expression) => resolution.expression(part, inside)
  const { partition = [], order = [], when } = node.over ?? {}
  if (when !== undefined) {
    throw new SqlError('wrong-arguments', 'row_number() has no WHEN', node.at, {
      hint: 'write OVER (PARTITION BY a ORDER BY b)',
    })
  }
  return resolution.derived.rank({
    partition: partition.map(resolve),
    order: order.map((key) => ({
      expression: resolve(key.expression),
      descending: key.descending,
    })),
  })
}

function dedupTrigger(node: ast.Call, place: Place, resolution: Resolution): PlanExpression {
  const [start, end, now, expire] = node.args
  const refuse = (what: string, hint: string) =>
    new SqlError('wrong-arguments', what, node.at, { hint })
  if (!start || !end || !now || !expire || node.args.length !== 4) {
    const what = 'dedup_trigger function should have 4 arguments'
    throw refuse(what, `found ${node.args.length}`)
  }
  if (place.clause !== 'SELECT' || place.inAnalytic !== undefined || place.inAggregate) {
    throw refuse('dedup_trigger can only be in select fields', 'use it in SELECT')
  }
  if (resolution.hasWindow || resolution.scope.sources.length > 1) {
    const what = `dedup_trigger with ${resolution.hasWindow ? 'a window' : 'a join'}`
    throw refuse(what, 'use it in a rule of its own, over the stream or a memory topic')
  }
  const inside: Place = { ...place, inAnalytic: 'dedup_trigger' }
  const [first, second, third] = [start, end, now].map((arg) => {
    const argument = resolution.expression(arg, inside)
    const { type } = argument.dataType
    if (type === 'any' || type === 'bigint' || type === 'float' || type === 'datetime') {
      return argument
    }
    throw refuse('dedup_trigger wants times in ms', 'give it the columns start, end and now')
  }) as [PlanExpression, PlanExpression, PlanExpression] // as many as were mapped
  const expireMs = expire.type === 'literal' && expire.kind === 'bigint' ? Number(expire.value) : -1
  if (!Number.isSafeInteger(expireMs) || expireMs < 0) {
    throw refuse('dedup_trigger wants a whole number of ms as its 4th argument', 'such as 60000')
  }
  return resolution.derived.trigger({ start: first, end: second, now: third, expireMs })
}

function refuseArguments(node: ast.Call): void {
  if (node.args.length === 0) return
  const what = `validate function ${node.name} error: Expect 0 arguments but found ${node.args.length}`
  throw new SqlError('wrong-arguments', what, node.at)
}
