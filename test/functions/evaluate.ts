import { Expressions } from '#src/expressions/compile.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { FunctionEnvironment } from '#src/functions/declaration.ts'
import { makeDefinition } from '#src/plan/definitions.ts'
import type { PlanExpression } from '#src/plan/expression.ts'
import type { Plan, PlanNode } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import { parseStatement } from '#src/sql/parse.ts'

export type Row = Readonly<Record<string, unknown>>

export const functions = builtInFunctions()

export const environment: FunctionEnvironment = {
  ruleId: 'example',
  startedAt: 1000,
  timeZone: 'UTC',
  now: () => 1709214330123,
  props: { color: 'red' },
}

export interface Surroundings {
  /** Whole numbers of rows are BIGINT. @default true */
  readonly int?: boolean | undefined
  /** The columns of the stream, as in CREATE STREAM. */
  readonly schema?: string | undefined
  readonly environment?: FunctionEnvironment | undefined
}

/** The value of an expression for one row. */
export function evaluate(sql: string, row: Row = {}, surroundings: Surroundings = {}): unknown {
  return evaluateAll(sql, [row], surroundings)[0]
}

/** The values of an expression over rows: one per row, or one in all where it aggregates. */
export function evaluateAll(
  sql: string,
  rows: readonly Row[],
  surroundings: Surroundings = {},
): unknown[] {
  return planned(sql, surroundings)(rows)
}

/** Plans now; compiles and runs when it is called. */
export function planned(
  sql: string,
  surroundings: Surroundings = {},
): (rows: readonly Row[]) => unknown[] {
  const plan = planOf(sql, surroundings)
  return (rows) => new Run(plan, surroundings.environment ?? environment).rows(rows)
}

/** What a row of this expression is: an error's message, or its value. */
export function outcome(sql: string, row: Row = {}, surroundings: Surroundings = {}): unknown {
  try {
    return evaluate(sql, row, surroundings)
  } catch (error) {
    return { error: (error as Error).message }
  }
}

export function planOf(sql: string, surroundings: Surroundings = {}): Plan {
  const { int = true, schema = '' } = surroundings
  const select = parseStatement(`SELECT ${sql} AS v FROM s GROUP BY COUNTWINDOW(1000)`)
  const perRow = parseStatement(`SELECT ${sql} AS v FROM s`)
  const definition = parseStatement(`CREATE STREAM s (${schema}) WITH (TYPE="memory")`)
  if (select.type !== 'select' || perRow.type !== 'select' || definition.type !== 'create') {
    throw new Error(`no select: ${sql}`)
  }
  const made = makeDefinition(definition)
  const plan = (statement: typeof select) =>
    planRule({
      ruleId: 'example',
      select: statement,
      actions: [{ type: 'log', props: {} }],
      options: readRuleOptions({}),
      definitions: { find: () => made, names: () => ['s'] },
      functions,
      extensions: { plugin: () => undefined, isBuiltIn: () => true, names: () => [] },
      settings: () => ({ wholeIsBigint: int }),
      timeZone: surroundings.environment?.timeZone,
    })
  const aggregates = plan(perRow).root
  return chain(aggregates).some(({ type }) => type === 'aggregate') ? plan(select) : plan(perRow)
}

function chain(root: PlanNode): readonly PlanNode[] {
  const nodes = [root]
  for (let node = root; node.type !== 'source' && node.type !== 'merge'; ) {
    node = node.input
    nodes.unshift(node)
  }
  return nodes
}

/** Runs a plan's expressions without its operators: all rows are one group. */
class Run {
  readonly #nodes: readonly PlanNode[]
  readonly #expressions: Expressions

  constructor(plan: Plan, surroundings: FunctionEnvironment) {
    this.#nodes = chain(plan.root)
    this.#expressions = new Expressions(surroundings, functions)
  }

  rows(rows: readonly Row[]): unknown[] {
    let current: readonly Row[] = rows
    for (const node of this.#nodes) current = this.#step(node, current)
    return current.map((row) => row.v)
  }

  #step(node: PlanNode, rows: readonly Row[]): readonly Row[] {
    switch (node.type) {
      case 'compute':
        return rows.map((row) => this.#computed(node.columns, row))
      case 'analytic':
        return this.#analysed(node.calls, rows)
      case 'aggregate':
        return [this.#aggregated(node, rows)]
      case 'project': {
        const [field] = node.fields
        if (field?.type !== 'value') throw new Error('one field is expected')
        const value = this.#expressions.compileRecord([field])
        return rows.map((row) => value(row))
      }
      default:
        return rows
    }
  }

  #computed(columns: readonly { expression: PlanExpression; as: string }[], row: Row): Row {
    const added = columns.map(({ expression, as }): [string, unknown] => [
      as,
      this.#expressions.compileValue(expression)(row),
    ])
    return { ...row, ...Object.fromEntries(added) }
  }

  #analysed(
    calls: Extract<PlanNode, { type: 'analytic' }>['calls'],
    rows: readonly Row[],
  ): readonly Row[] {
    const steps = calls.map((call) => {
      const analyst = this.#expressions.analyst(call)
      const states = new Map<string, unknown>()
      const args = this.#expressions.compileTuple(call.args)
      const partition = this.#expressions.compileTuple(call.partition)
      const when = call.when && this.#expressions.compilePredicate(call.when)
      return (row: Row): [string, unknown] => {
        const key = JSON.stringify(partition(row))
        if (!states.has(key)) states.set(key, analyst.init())
        const state = states.get(key)
        const takes = when === undefined || when(row)
        return [call.as, takes ? analyst.step(state, ...args(row)) : analyst.peek(state)]
      }
    })
    return rows.map((row) => ({ ...row, ...Object.fromEntries(steps.map((step) => step(row))) }))
  }

  #aggregated(node: Extract<PlanNode, { type: 'aggregate' }>, rows: readonly Row[]): Row {
    const results = node.calls.map((call): [string, unknown] => {
      const aggregator = this.#expressions.aggregator(call)
      const args = this.#expressions.compileTuple(call.args)
      let accumulator = aggregator.init()
      for (const row of rows) {
        const values = call.star === undefined ? args(row) : [row, ...args(row)]
        accumulator = aggregator.add(accumulator, ...values)
      }
      return [call.as, aggregator.result(accumulator)]
    })
    return { ...rows[0], ...Object.fromEntries(results) }
  }
}
