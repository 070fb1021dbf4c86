import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import { isAwaited, type PlanExpression } from './expression.ts'
import { isKeyed, sourceKind } from './keyed.ts'
import { conjunction, conjuncts } from './optimize.ts'
import type { JoinStep, LookupNode } from './plan.ts'
import { isRepeatable } from './purity.ts'
import type { Resolver } from './resolve.ts'
import type { ScopedSource } from './scope.ts'
import { some } from './walk.ts'

/** What stands in FROM, resolved; `undefined` in a statement for one plain stream. */
export interface From {
  readonly names: readonly string[]
  /** How many sources give rows, streams and scan tables: their numbers in the plan come first. */
  readonly feeds: number
  readonly tables: readonly { readonly name: string; readonly retain: number }[]
  readonly steps: readonly JoinStep[]
  readonly lookups: readonly LookupStep[]
}

export type LookupStep = Pick<LookupNode, 'join' | 'source' | 'name' | 'keys' | 'rest'>

/** @throws SqlError for conditions that cannot be, and for streams that are joined without a window */
export function resolveFrom(
  select: ast.Select,
  window: ast.Call | undefined,
  resolver: Resolver,
): From | undefined {
  const { scope } = resolver
  if (!isKeyed(scope)) return undefined
  checkWindow(select, window, scope.sources)
  const steps: JoinStep[] = []
  const lookups: LookupStep[] = []
  const numbers = planOrder(scope.sources)
  for (const [i, join] of select.joins.entries()) {
    const source = scope.sources[i + 1]
    if (source === undefined) continue
    const conditions = conditionsOf(join, i + 1, resolver)
    const names = { before: scope.sources.slice(0, i + 1), source }
    const isLookup = sourceKind(source.definition) === 'lookup'
    if (isLookup)
      lookups.push(
        lookupStep(join, { ...names, number: numbers.indexOf(i + 1) }, conditions, resolver),
      )
    else {
      checkBehindLookups(join, conditions, lookups)
      steps.push(joinStep(join, names, conditions, resolver))
    }
  }
  const tables = scope.sources.filter(({ definition }) => sourceKind(definition) === 'table')
  return {
    names: scope.sources.map(({ name }) => name),
    feeds: scope.sources.filter(({ definition }) => sourceKind(definition) !== 'lookup').length,
    tables: tables.map(({ name, definition }) => ({
      name,
      retain: definition.options.retainSize,
    })),
    steps,
    lookups,
  }
}

/** The order of the sources in the plan, as numbers of the scope: lookup tables, which the host does not feed, last. */
export function planOrder(sources: readonly ScopedSource[]): readonly number[] {
  const isLookup = (i: number) => {
    const source = sources[i]
    return source !== undefined && sourceKind(source.definition) === 'lookup'
  }
  const all = [...sources.keys()]
  return [...all.filter((i) => !isLookup(i)), ...all.filter(isLookup)]
}

/** @throws SqlError where an expression in front of a join reads what is computed behind it */
export function checkBeforeJoin(
  expression: PlanExpression,
  at: ast.Position,
  clause: string,
): void {
  if (!some(expression, (part) => part.type === 'column' && part.stream === undefined)) return
  const what = `${clause} of a join asks for what is computed behind it`
  throw new SqlError('bad-join', what, at, {
    hint: 'aggregates and analytic functions have their value in SELECT, and in WHERE or HAVING',
  })
}

function checkWindow(
  { joins, at }: ast.Select,
  window: ast.Call | undefined,
  sources: readonly ScopedSource[],
): void {
  const streams = [...sources.keys()].filter((i) => {
    const source = sources[i]
    return source !== undefined && sourceKind(source.definition) === 'stream'
  })
  const [, second] = streams
  if (window !== undefined || second === undefined) return
  const what = 'a time window or count window is required to join multiple streams'
  throw new SqlError('bad-join', what, joins[second - 1]?.at ?? at, {
    hint: 'add one to GROUP BY, such as TUMBLINGWINDOW(ss, 10)',
  })
}

function conditionsOf(
  join: ast.Join,
  number: number,
  resolver: Resolver,
): readonly PlanExpression[] {
  const { on, at } = join
  if (join.join === 'cross') {
    if (on === undefined) return []
    throw new SqlError('bad-join', 'a CROSS JOIN has no ON', on.at, { hint: 'write INNER JOIN' })
  }
  if (on === undefined) {
    throw new SqlError('bad-join', `${join.join.toUpperCase()} JOIN without ON`, at, {
      hint: 'add ON a.x = b.y, or write CROSS JOIN',
    })
  }
  const expression = resolver.expression(on, { clause: 'ON' })
  checkBeforeJoin(expression, on.at, 'ON')
  const later = resolver.scope.sources.slice(number + 1).find(({ name }) => reads(expression, name))
  if (later !== undefined) {
    const what = `ON of ${join.from.name} names ${later.name}, which is joined later`
    throw new SqlError('bad-join', what, on.at, { hint: 'change the order of the joins' })
  }
  if (some(expression, (part) => part.type === 'call' && isAwaited(part))) {
    const isPlugin = some(expression, (part) => part.type === 'call' && part.plugin !== undefined)
    const what = `${isPlugin ? 'functions of plugins' : 'get_keyed_state'} cannot stand in ON`
    throw new SqlError('bad-join', what, on.at, {
      hint: `use ${isPlugin ? 'them' : 'it'} in WHERE`,
    })
  }
  return conjuncts(expression)
}

interface Names {
  readonly before: readonly ScopedSource[]
  readonly source: ScopedSource
}

function joinStep(
  { join }: ast.Join,
  { before, source }: Names,
  conditions: readonly PlanExpression[],
  resolver: Resolver,
): JoinStep {
  const keys: { left: PlanExpression; right: PlanExpression }[] = []
  const rest: PlanExpression[] = []
  for (const condition of conditions) {
    const key = keyOf(condition, { before, source }, resolver)
    if (key === undefined) rest.push(condition)
    else keys.push(key)
  }
  const table = sourceKind(source.definition) === 'table'
  return { join, source: source.name, table, keys, rest: conjunction(rest) }
}

/** An equality with the sources before on one side and the new one on the other. */
function keyOf(
  condition: PlanExpression,
  { before, source }: Names,
  resolver: Resolver,
): { left: PlanExpression; right: PlanExpression } | undefined {
  if (condition.type !== 'binary' || condition.operator !== '=') return undefined
  const { left, right } = condition
  if (!isHashable(left, right) || !isRepeatable(condition, resolver)) return undefined
  const isNew = (side: PlanExpression) =>
    reads(side, source.name) && !before.some(({ name }) => reads(side, name))
  const isOld = (side: PlanExpression) =>
    !reads(side, source.name) && before.some(({ name }) => reads(side, name))
  if (isOld(left) && isNew(right)) return { left, right }
  if (isNew(left) && isOld(right)) return { left: right, right: left }
  return undefined
}

/** A time equals the text and the number that mean it: those have no key in common. */
function isHashable(left: PlanExpression, right: PlanExpression): boolean {
  const [a, b] = [left.dataType.type, right.dataType.type]
  return a === b || (a !== 'datetime' && b !== 'datetime')
}

function lookupStep(
  join: ast.Join,
  { before, source, number }: Names & { readonly number: number },
  conditions: readonly PlanExpression[],
  resolver: Resolver,
): LookupStep {
  if (join.join !== 'inner' && join.join !== 'left') {
    const what = `${join.join.toUpperCase()} JOIN with lookup table ${source.definition.name}`
    throw new SqlError('bad-join', what, join.at, { hint: 'use INNER JOIN or LEFT JOIN' })
  }
  const keys: { column: string; value: PlanExpression }[] = []
  const rest: PlanExpression[] = []
  for (const condition of conditions) {
    const key = keyOf(condition, { before, source }, resolver)
    const column = key?.right
    if (key !== undefined && column?.type === 'column') {
      keys.push({ column: column.name, value: key.left })
    } else rest.push(condition)
  }
  const { key } = source.definition.options
  const asked = key === undefined || keys.some(({ column }) => column === key)
  if (keys.length > 0 && asked) {
    return { join: join.join, source: number, name: source.name, keys, rest: conjunction(rest) }
  }
  const column = key ?? 'column'
  const what = `join condition of lookup table ${source.definition.name} is invalid, at least one equi-join predicate is required`
  throw new SqlError('bad-join', what, join.on?.at ?? join.at, {
    hint: `write ON ${before[0]?.name}.x = ${source.name}.${column}`,
  })
}

/** Look-ups come after all other joins: nothing of a later one may depend on them. */
function checkBehindLookups(
  join: ast.Join,
  conditions: readonly PlanExpression[],
  lookups: readonly LookupStep[],
): void {
  const [lookup] = lookups
  if (lookup === undefined) return
  const depends = lookups.some(({ name }) => conditions.some((part) => reads(part, name)))
  if (!depends && (join.join === 'inner' || join.join === 'left' || join.join === 'cross')) return
  const what = `${join.join.toUpperCase()} JOIN ${join.from.name} behind lookup table ${lookup.name}`
  throw new SqlError('bad-join', what, join.at, { hint: 'join lookup tables last' })
}

function reads(expression: PlanExpression, stream: string): boolean {
  return some(expression, (part) => part.type === 'column' && part.stream === stream)
}
