import { Expressions } from '#src/expressions/compile.ts'
import { fold } from '#src/expressions/fold.ts'
import type { FunctionEnvironment } from '#src/functions/declaration.ts'
import type { FunctionTable } from '#src/functions/table.ts'
import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import { type ActionRequest, planActions } from './actions.ts'
import { planDeadLetters } from './dead-letters.ts'
import type { StreamDefinition } from './definitions.ts'
import { Derived } from './derived.ts'
import { RuleError } from './errors.ts'
import type { Extensions } from './extensions.ts'
import { findSources } from './from.ts'
import { identify } from './identity.ts'
import { planOrder } from './joins.ts'
import { buildNodes, emitsBatches } from './nodes.ts'
import { numberCalls } from './numbering.ts'
import { optimize } from './optimize.ts'
import type { ActionPlan, OutputColumn, Plan, PlanNode } from './plan.ts'
import type { RuleOptions } from './rule-options.ts'
import { Scope } from './scope.ts'
import { type Definitions, type SourceSettings, sourcePlan } from './source-plan.ts'
import { resolveStatement, type Statement } from './statement.ts'
import { isAsItCame } from './walk.ts'

export interface RuleRequest {
  readonly ruleId: string
  readonly select: ast.Select
  readonly actions: readonly ActionRequest[]
  readonly options: RuleOptions
  readonly definitions: Definitions
  readonly functions: FunctionTable
  readonly extensions: Extensions
  /** What the configuration of a stream's source says. */
  readonly settings?: ((definition: StreamDefinition) => SourceSettings) | undefined
  /** IANA name. @default `UTC` */
  readonly timeZone?: string | undefined
  /** A temporary rule may read temporary streams. @default false */
  readonly temp?: boolean | undefined
  /** The rule's sink for dead letters. */
  readonly deadLetter?: unknown
}

/**
 * From a statement and the definitions to what a worker executes: plain data.
 *
 * @throws SqlError for the statement and its streams, with a place in the text
 * @throws RuleError for the actions
 */
export function planRule(given: RuleRequest): Plan {
  const request = { ...given, timeZone: given.options.timezone ?? given.timeZone ?? 'UTC' }
  const { ruleId, select, options, extensions, functions } = request
  const rules = { ...request, temp: request.temp === true }
  const found = findSources(select, rules, request.settings)
  const scope = new Scope(
    found.map(({ source }) => source),
    options.ignoreCase,
  )
  const derived = new Derived()
  const resolved = withMeta(
    resolveStatement(select, { scope, derived, functions, extensions }),
    select,
    options,
  )
  const statement = withSecondSending(resolved, options)
  const { plugins } = statement.resolver
  const keepsAll = request.actions.some(({ props }) => props.lateRows === true)
  const sources = planOrder(scope.sources).flatMap((number) =>
    found
      .slice(number, number + 1)
      .map(({ source, at, settings }) =>
        sourcePlan(source, at, { ...rules, scope, derived, plugins, settings, keepsAll }),
      ),
  )
  const actions = planActions(request.actions, extensions, plugins)
  const deadLetters = planDeadLetters(request, extensions, plugins)
  checkLateRows(actions, options)
  const { root, hidden } = buildNodes(statement)
  const improved = numberCalls(improve(root, request, hidden))
  return {
    ruleId,
    sources,
    root: identify(improved, sources),
    emitsBatches: emitsBatches(statement),
    output: outputOf(statement, scope, { hidden, derived }),
    hidden,
    ...(statement.fields.some(({ type }) => type !== 'value') ? { keepsNull: true } : {}),
    actions,
    ...(deadLetters.length > 0 ? { deadLetters } : {}),
    plugins: plugins.all,
    settings: {
      isEventTime: options.isEventTime,
      lateToleranceMs: options.lateToleranceMs,
      sendNilField: options.sendNilField,
      sendError: options.sendError,
      debug: options.debug,
      timeZone: request.timeZone,
      idleTimeoutMs: options.idleTimeoutMs,
      maxDriftMs: options.maxDriftMs,
      analyticExpiryMs: options.analyticExpiryMs,
    },
  }
}

function checkLateRows(actions: readonly ActionPlan[], { isEventTime }: RuleOptions): void {
  const action = actions.find(({ encode }) => encode.lateRows === true)
  if (action === undefined || isEventTime) return
  const what = `action ${action.type}: lateRows without event time: no row is late`
  throw new RuleError('bad-property', what, 'set the rule option isEventTime, and TIMESTAMP')
}

/** `sendMetaToSink`: all metadata in a column of the output. */
function withMeta(statement: Statement, select: ast.Select, options: RuleOptions): Statement {
  if (!options.sendMetaToSink) return statement
  if (emitsBatches(statement)) {
    const what = statement.window === undefined ? 'a join' : 'a window'
    throw new SqlError('not-supported', `sendMetaToSink with ${what}`, select.at, {
      hint: 'select meta(*) where it is needed',
    })
  }
  const { derived } = statement.resolver
  const expression = derived.meta({ source: 0, stream: undefined }, [], 'meta(*)')
  return {
    ...statement,
    fields: [...statement.fields, { type: 'value', name: '__meta', expression }],
  }
}

/** `enableSendSlidingWindowTwice`: a sliding window with a delay fires on arrival too. */
function withSecondSending(statement: Statement, options: RuleOptions): Statement {
  const { window } = statement
  if (window?.spec.window !== 'sliding' || window.spec.delayMs === 0) return statement
  if (!options.planOptimizeStrategy.enableSendSlidingWindowTwice) return statement
  return { ...statement, window: { ...window, spec: { ...window.spec, sendTwice: true } } }
}

function improve(root: PlanNode, request: RuleRequest, hidden: readonly string[]): PlanNode {
  const { functions, options } = request
  const expressions = new Expressions(planningEnvironment(request), functions)
  const disabled = options.planOptimizeStrategy.disableOptimizeRules
  return optimize(root, {
    fold: (expression) => fold(expression, expressions, functions),
    pushDown: !disabled.includes('predicatePushDown'),
    hidden,
  })
}

/** What is known of the flow before it runs: a function that asks for more is not folded. */
function planningEnvironment({ ruleId, timeZone = 'UTC' }: RuleRequest): FunctionEnvironment {
  const unknown = () => {
    throw new Error('known when the rule runs')
  }
  return {
    ruleId,
    timeZone,
    now: unknown,
    get startedAt() {
      return unknown()
    },
    get props() {
      return unknown()
    },
  }
}

/** The columns of the output; `undefined` when a star stands for columns that only the rows know. */
function outputOf(
  { fields }: Statement,
  scope: Scope,
  { hidden, derived }: { readonly hidden: readonly string[]; readonly derived: Derived },
): readonly OutputColumn[] | undefined {
  // The null of a window without rows is written for a collection, and dropped for a sum.
  const collections = derived.aggregates
    .filter(({ name }) => name === 'collect')
    .map(({ as }) => as)
  const dropping = hidden.filter((name) => !collections.includes(name))
  const columns: OutputColumn[] = []
  for (const field of fields) {
    if (field.type === 'value') {
      const { name, expression } = field
      const { dataType } = expression
      columns.push({
        name,
        dataType,
        ...(isAsItCame(expression, dropping) ? { keepsNull: true } : {}),
      })
      continue
    }
    if (field.type === 'spread') return undefined
    for (const source of field.source === undefined ? scope.sources : [field.source]) {
      const schema = source.definition.columns
      if (schema === undefined) return undefined
      columns.push(...schema.filter((column) => !field.except.includes(column.name)).map(bare))
    }
  }
  const names = columns.map(({ name }) => name)
  return columns.filter(({ name }, i) => names.indexOf(name) === i)
}

function bare({ name, dataType }: OutputColumn): OutputColumn {
  return { name, dataType, keepsNull: true }
}
