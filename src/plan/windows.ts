import type * as ast from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { PlanExpression } from './expression.ts'
import type { TimeUnit, WindowSpec } from './plan.ts'

export const windowNames = [
  'tumblingwindow',
  'hoppingwindow',
  'slidingwindow',
  'sessionwindow',
  'countwindow',
  'statewindow',
] as const

type WindowName = (typeof windowNames)[number]

const unitMs: Readonly<Record<TimeUnit, number>> = {
  dd: 86_400_000,
  hh: 3_600_000,
  mi: 60_000,
  ss: 1000,
  ms: 1,
}

const units = Object.keys(unitMs)

export interface Window {
  readonly spec: WindowSpec
  readonly filter: PlanExpression | undefined
}

type Resolve = (expression: ast.Expression) => PlanExpression

/** The peer groups in windows only. @throws SqlError for dimensions without one */
export function checkGrouped(select: ast.Select, window: ast.Call | undefined): void {
  const [dimension] = select.groupBy
  if (window !== undefined || dimension === undefined) return
  const what = 'select stmt group by should be used with window'
  throw new SqlError('bad-window', what, dimension.at, {
    hint: 'add a window such as TUMBLINGWINDOW(ss, 10)',
  })
}

export function isWindowName(lower: string): boolean {
  return (windowNames as readonly string[]).includes(lower)
}

/** Tells the window of a GROUP BY from the dimensions. @throws SqlError when there are two windows */
export function splitGroupBy(groupBy: readonly ast.Expression[]): {
  readonly window: ast.Call | undefined
  readonly dimensions: readonly ast.Expression[]
} {
  const windows = groupBy.filter(isWindow)
  const [window, second] = windows
  if (second !== undefined) {
    throw new SqlError('bad-window', 'a second window in GROUP BY', second.at, {
      hint: 'keep one; a second rule can window the result of this one',
    })
  }
  return { window, dimensions: groupBy.filter((expression) => expression !== window) }
}

function isWindow(expression: ast.Expression): expression is ast.Call {
  return expression.type === 'call' && isWindowName(expression.name.toLowerCase())
}

/** Checks the arguments of a window and what hangs on it. */
export function resolveWindow(node: ast.Call, resolve: Resolve): Window {
  const name = node.name.toLowerCase() as WindowName // `splitGroupBy` found it by this name
  checkOver(node, name)
  return { spec: specOf(node, name, resolve), filter: node.filter && resolve(node.filter) }
}

function specOf(node: ast.Call, name: WindowName, resolve: Resolve): WindowSpec {
  const partition = node.over?.partition.map(resolve) ?? []
  switch (name) {
    case 'tumblingwindow': {
      expectArguments(node, [2])
      const unit = unitOf(node)
      return { window: 'tumbling', lengthMs: duration(node, 1, unit), unit }
    }
    case 'hoppingwindow': {
      expectArguments(node, [3])
      const unit = unitOf(node)
      const [lengthMs, intervalMs] = [duration(node, 1, unit), duration(node, 2, unit)]
      return { window: 'hopping', lengthMs, intervalMs, unit }
    }
    case 'slidingwindow': {
      expectArguments(node, [2, 3])
      const unit = unitOf(node)
      const delayMs = node.args.length === 3 ? duration(node, 2, unit, 0) : 0
      const when = node.over?.when && resolve(node.over.when)
      return { window: 'sliding', lengthMs: duration(node, 1, unit), delayMs, when }
    }
    case 'sessionwindow': {
      expectArguments(node, [3])
      const unit = unitOf(node)
      const [maxMs, timeoutMs] = [duration(node, 1, unit), duration(node, 2, unit)]
      return { window: 'session', maxMs, timeoutMs, partition }
    }
    case 'countwindow':
      return countSpec(node)
    case 'statewindow': {
      expectArguments(node, [1, 2])
      const [begin, emit] = node.args.map(resolve)
      if (begin === undefined) throw wrongCount(node, [1, 2])
      return { window: 'state', begin, emit, partition }
    }
    default:
      return name satisfies never
  }
}

function countSpec(node: ast.Call): WindowSpec {
  expectArguments(node, [1, 2])
  const length = wholeNumber(node, 0)
  const interval = node.args.length === 2 ? wholeNumber(node, 1) : length
  if (interval > length) {
    const what = `the interval ${interval} of countwindow is greater than its length ${length}`
    throw new SqlError('bad-window', what, at(node, 1), { hint: `use ${length} at most` })
  }
  return { window: 'count', length, interval }
}

/** OVER(WHEN …) is for sliding windows, OVER(PARTITION BY …) for sessions and state windows. */
function checkOver(node: ast.Call, name: WindowName): void {
  if (node.distinct) throw new SqlError('bad-window', `found DISTINCT in ${name}`, node.at)
  const { over } = node
  if (over === undefined) return
  const refuse = (clause: string, hint: string) =>
    new SqlError('bad-window', `${clause} cannot be used with ${name}`, node.at, { hint })
  if (over.order.length > 0) throw refuse('OVER(ORDER BY …)', 'sort with ORDER BY of the statement')
  if (over.when !== undefined && name !== 'slidingwindow') {
    const hint = 'it is for slidingwindow; use FILTER(WHERE …) to keep rows out'
    throw refuse('OVER(WHEN …)', hint)
  }
  const keyed = name === 'sessionwindow' || name === 'statewindow'
  if (over.partition.length > 0 && !keyed) {
    throw refuse('OVER(PARTITION BY …)', 'name the column in GROUP BY beside the window')
  }
}

function expectArguments(node: ast.Call, counts: readonly number[]): void {
  if (!counts.includes(node.args.length)) throw wrongCount(node, counts)
}

function wrongCount(node: ast.Call, counts: readonly number[]): SqlError {
  const what = `the arguments for ${node.name.toLowerCase()} should be ${counts.join(' or ')}`
  return new SqlError('bad-window', what, node.at, { hint: `found ${node.args.length}` })
}

function unitOf(node: ast.Call): TimeUnit {
  const [first] = node.args
  const written = first?.type === 'name' && !first.quoted ? first.name : undefined
  const unit = units.find((known): known is TimeUnit => known === written?.toLowerCase())
  if (unit !== undefined) return unit
  const name = node.name.toLowerCase()
  const what = `the 1st argument for ${name} is expecting timer literal expression`
  const near = written === undefined ? undefined : nearest(written, units)
  const hint = didYouMean(near, `one value of [${units.join('|')}]`)
  throw new SqlError('bad-window', what, at(node, 0), { hint })
}

function duration(node: ast.Call, index: number, unit: TimeUnit, least = 1): number {
  const ms = wholeNumber(node, index, least) * unitMs[unit]
  if (Number.isSafeInteger(ms)) return ms
  throw new SqlError('bad-window', `${node.name.toLowerCase()} is too long`, at(node, index))
}

function wholeNumber(node: ast.Call, index: number, least = 1): number {
  const value = literal(node.args[index])
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  const what =
    value === undefined
      ? `argument ${index + 1} of ${node.name.toLowerCase()} is no whole number`
      : `invalid parameter value ${value}`
  const hint = least === 0 ? 'write a whole number from 0' : 'write a whole number greater than 0'
  throw new SqlError('bad-window', what, at(node, index), { hint })
}

/** The value of an integer literal, also with a sign. */
function literal(expression: ast.Expression | undefined): number | bigint | undefined {
  if (expression?.type === 'unary' && expression.operator === '-') {
    const value = literal(expression.operand)
    return value === undefined ? undefined : -value
  }
  if (expression?.type !== 'literal' || expression.kind !== 'bigint') return undefined
  const { value } = expression
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined
}

function at(node: ast.Call, index: number): ast.Position {
  return node.args[index]?.at ?? node.at
}
