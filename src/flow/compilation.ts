import type { Expressions } from '#src/expressions/compile.ts'
import type { Aggregator } from '#src/functions/declaration.ts'
import type { Operator, OperatorContext, OperatorId, Row } from '#src/operators/operator.ts'
import type { Tables } from '#src/operators/tables.ts'
import type { AggregateCall } from '#src/plan/expression.ts'
import type { Plan, PlanNode, SourceNode } from '#src/plan/plan.ts'
import type { OperatorBook } from './operator-book.ts'
import { Stage } from './stage.ts'
import type { Suspender } from './suspension.ts'

export interface CompilationOptions {
  readonly plan: Plan
  readonly expressions: Expressions
  readonly book: OperatorBook
  readonly pluginAggregator: (call: AggregateCall) => Aggregator<unknown>
  readonly suspender: Suspender
  /** Told when rows have left a stage outside of a `collect`. */
  readonly left: () => void
  /** Asks the host for rows of a lookup table; missing where nobody answers. */
  readonly askLookup?: AskLookup | undefined
  /** ms since the epoch, for caches. */
  readonly now?: (() => number) | undefined
}

/** For each key, the values of those columns, the rows of a lookup table (by its number) that have it. */
export type AskLookup = (
  source: number,
  columns: readonly string[],
  keys: readonly (readonly unknown[])[],
) => Promise<readonly (readonly Row[])[]>

/** A plan that is being turned into linked operators, source first. */
export class Compilation {
  readonly plan: Plan
  readonly expressions: Expressions
  readonly pluginAggregator: (call: AggregateCall) => Aggregator<unknown>
  readonly operators: Operator[] = []
  /** Those of them that may have to wait. */
  readonly stages: Border[] = []
  /** Where rows are keyed by source: the names of all sources. */
  readonly names: readonly string[] | undefined
  /** The scan tables of the statement. */
  tables: Tables | undefined
  /** Columns that no `*` shows. */
  readonly hidden: string[]
  /** Of the operator that was added last. */
  context: OperatorContext | undefined
  /** Batches at this point are emissions: they come out of a window. */
  isEmission = false
  readonly #options: CompilationOptions

  constructor(options: CompilationOptions) {
    this.#options = options
    this.plan = options.plan
    this.hidden = [...options.plan.hidden]
    this.expressions = options.expressions
    this.names = namesIn(options.plan.root)
    this.pluginAggregator = options.pluginAggregator
  }

  get askLookup(): AskLookup | undefined {
    return this.#options.askLookup
  }

  get left(): () => void {
    return this.#options.left
  }

  get now(): () => number {
    return this.#options.now ?? (() => 0)
  }

  /** The next operator behind those that are there. @param kind as the status names it */
  add<O extends Operator>(kind: string, make: (context: OperatorContext) => O): O {
    this.context = this.#options.book.operator(kind)
    const operator = make(this.context)
    this.operators.push(operator)
    return operator
  }

  /** An operator whose expressions call plugins, so that it may have to wait. */
  addStage(kind: string, id: OperatorId, step: (row: Row) => Row | undefined): void {
    const { suspender, left } = this.#options
    const options = { step, suspender, left, perBatch: this.isEmission }
    this.stages.push(this.add(kind, (context) => new Stage(id, options, context)))
  }
}

/** An operator that may have to wait. */
export interface Border extends Operator {
  /** Pending while too many rows wait. */
  room(): Promise<void> | undefined
  /** Pending while anything waits. */
  idle(): Promise<void> | undefined
}

/** The source nodes from which a node gets its rows. */
export function sourcesOf(node: PlanNode): readonly SourceNode[] {
  if (node.type === 'source') return [node]
  return node.type === 'merge' ? node.inputs : sourcesOf(node.input)
}

function namesIn(node: PlanNode): readonly string[] | undefined {
  if (node.type === 'source') return undefined
  return node.type === 'merge' ? node.names : namesIn(node.input)
}
