import type { FunctionDeclaration } from '#src/functions/declaration.ts'
import type * as ast from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { checkArguments } from './call-checks.ts'
import { allowsAggregates, type Place, type Resolution } from './context.ts'
import type { PlanExpression } from './expression.ts'
import type { PluginExtension } from './extensions.ts'
import { resolveMeta } from './meta.ts'
import { refuseMultiColumn } from './multi-column.ts'
import { resolvePlaced } from './placed-calls.ts'
import { isRepeatable } from './purity.ts'
import { isWindowName, windowNames } from './windows.ts'

/** A function found, built in or of a plugin. */
interface Found {
  readonly kind: FunctionDeclaration['kind']
  /** The canonical name of a built-in; the exact name of a plugin's function. */
  readonly name: string
  readonly declaration?: FunctionDeclaration | undefined
  readonly plugin?: number | undefined
}

/** A call as written to what stands for it in the plan: a call, or the hidden column that holds its result. */
export function resolveCall(node: ast.Call, place: Place, resolution: Resolution): PlanExpression {
  const lower = node.name.toLowerCase()
  if (lower === 'meta' || lower === 'mqtt') return resolveMeta(node, resolution)
  if (lower === 'event_time') return eventTime(node, resolution)
  if (lower === 'window_start' || lower === 'window_end' || lower === 'window_trigger') {
    return windowBound(node, place, resolution)
  }
  if (isWindowName(lower)) {
    throw new SqlError('misplaced-window', `${lower} cannot stand in ${place.clause}`, node.at, {
      hint: 'a window belongs into GROUP BY',
    })
  }
  refuseMultiColumn(node, place)
  const placed = resolvePlaced(node, place, resolution)
  if (placed !== undefined) return placed
  const found = find(node, place, resolution)
  checkClauses(node, found)
  switch (found.kind) {
    case 'aggregate':
      return aggregate(node, found, place, resolution)
    case 'analytic':
      return analytic(node, found, place, resolution)
    case 'row': {
      const args = node.args.map((arg) => resolution.expression(arg, place))
      const dataType = checkArguments(node, args, resolution, found.declaration)
      const id = resolution.derived.nextCall()
      const call = {
        type: 'call',
        name: found.name,
        args,
        id,
        plugin: found.plugin,
        dataType,
      } as const
      const { declaration } = found
      return declaration?.kind === 'row' && declaration.waits ? { ...call, waits: true } : call
    }
    default:
      return found.kind satisfies never
  }
}

function find(
  node: ast.Call,
  { clause }: Place,
  { functions, extensions, plugins }: Resolution,
): Found {
  const declaration = functions.lookup(node.name)
  if (declaration !== undefined) {
    return { kind: declaration.kind, name: declaration.name, declaration }
  }
  const extension: PluginExtension | undefined = extensions.plugin('function', node.name)
  if (extension !== undefined) {
    const kind = extension.isAggregate === true ? 'aggregate' : 'row'
    return { kind, name: node.name, plugin: plugins.add(extension.use) }
  }
  const windows = clause === 'GROUP BY' ? windowNames : []
  const names = [...windows, ...functions.names(), ...extensions.names('function')]
  throw new SqlError('unknown-function', `function ${node.name} not found`, node.at, {
    hint: didYouMean(nearest(node.name, names), 'install the plugin that brings it'),
  })
}

/** DISTINCT, FILTER and OVER go with some kinds of functions only. */
function checkClauses(node: ast.Call, found: Found): void {
  const refuse = (what: string, hint: string) =>
    new SqlError('wrong-arguments', `${what} ${node.name}`, node.at, { hint })
  if (found.kind !== 'aggregate') {
    const hint = 'it goes with aggregates such as count'
    if (node.distinct) throw refuse('found DISTINCT in non aggregate function', hint)
    if (node.filter !== undefined) throw refuse('found FILTER after non aggregate function', hint)
  }
  if (found.kind !== 'analytic' && node.over !== undefined) {
    throw refuse(
      'found OVER after non analytic function',
      'it goes with functions such as lag and latest',
    )
  }
}

function aggregate(
  node: ast.Call,
  found: Found,
  place: Place,
  resolution: Resolution,
): PlanExpression {
  if (!allowsAggregates(place)) throw misplacedAggregate(node, place)
  const inside: Place = { ...place, inAggregate: node.name }
  const [first] = node.args
  const star = first?.type === 'star' ? first : undefined
  if (star !== undefined && (star.replace.length > 0 || node.args.length > 1)) {
    throw new SqlError('wrong-arguments', `too much in ${node.name}(* …)`, star.at, {
      hint: `write ${node.name}(*) or ${node.name}(* EXCEPT(a))`,
    })
  }
  const args = star ? [] : node.args.map((arg) => resolution.expression(arg, inside))
  const dataType = checkArguments(node, star ? starArgument : args, resolution, found.declaration)
  const counts = found.name === 'count' && star !== undefined
  const takesRow = found.declaration?.kind === 'aggregate' && found.declaration.takesRow === true
  if ((star !== undefined && !counts) || takesRow) resolution.scope.star(star?.except ?? [])
  const filter = node.filter && resolution.expression(node.filter, inside)
  const shared =
    found.plugin === undefined &&
    [...args, ...(filter ? [filter] : [])].every((part) => isRepeatable(part, resolution))
  const call = {
    name: found.name,
    args,
    star: (star !== undefined && !counts) || takesRow ? { except: star?.except ?? [] } : undefined,
    distinct: node.distinct,
    filter,
    plugin: found.plugin,
    dataType,
  }
  return resolution.derived.aggregate(call, shared)
}

/** What a star is to a function that checks its arguments: a row. */
const starArgument: readonly PlanExpression[] = [
  { type: 'column', name: '*', dataType: { type: 'struct' } },
]

function analytic(
  node: ast.Call,
  found: Found,
  place: Place,
  resolution: Resolution,
): PlanExpression {
  const inside: Place = { ...place, inAnalytic: node.name }
  const resolve = (part: ast.Expression) => resolution.expression(part, inside)
  const args = node.args.map(resolve)
  const dataType = checkArguments(node, args, resolution, found.declaration)
  const { partition = [], when, order = [] } = node.over ?? {}
  const call = {
    name: found.name,
    args,
    partition: partition.map(resolve),
    when: when && resolve(when),
    order: order.map((key) => ({
      expression: resolve(key.expression),
      descending: key.descending,
    })),
    dataType,
  }
  return resolution.derived.analytic(
    call,
    args.every((arg) => isRepeatable(arg, resolution)),
  )
}

function eventTime(node: ast.Call, { scope, derived }: Resolution): PlanExpression {
  checkNoArguments(node)
  if (scope.sources.length > 1) {
    throw new SqlError('ambiguous-column', 'event_time() of several streams', node.at, {
      hint: 'use window_start() or window_end() behind a join',
    })
  }
  return derived.eventTime(0, 'event_time()')
}

function windowBound(
  node: ast.Call,
  place: Place,
  { hasWindow, derived }: Resolution,
): PlanExpression {
  checkNoArguments(node)
  if (!hasWindow) {
    throw new SqlError(
      'misplaced-window',
      `${node.name.toLowerCase()}() without a window`,
      node.at,
      {
        hint: 'add one to GROUP BY, such as TUMBLINGWINDOW(ss, 10)',
      },
    )
  }
  if (!allowsAggregates(place)) {
    const what = `${node.name.toLowerCase()}() has its value behind the window only, not in`
    const where = place.inAggregate === undefined ? place.clause : `${place.inAggregate}()`
    throw new SqlError('misplaced-window', `${what} ${where}`, node.at, {
      hint: 'use it in SELECT, HAVING or ORDER BY',
    })
  }
  return derived.windowBound(`${node.name.toLowerCase()}()`)
}

function checkNoArguments(node: ast.Call): void {
  if (node.args.length === 0) return
  const what = `validate function ${node.name} error: Expect 0 arguments but found ${node.args.length}`
  throw new SqlError('wrong-arguments', what, node.at)
}

function misplacedAggregate(node: ast.Call, place: Place): SqlError {
  if (place.inAggregate !== undefined) {
    const what = `aggregate function ${node.name} inside aggregate function ${place.inAggregate}`
    return new SqlError('misplaced-aggregate', what, node.at, {
      hint: 'aggregates cannot be nested; use a second rule over the result of the first',
    })
  }
  const what = `not allowed to call aggregate function ${node.name} in ${place.clause} clause`
  const hint = place.clause === 'WHERE' ? 'use HAVING' : 'use it in SELECT, HAVING or ORDER BY'
  return new SqlError('misplaced-aggregate', what, node.at, { hint })
}
