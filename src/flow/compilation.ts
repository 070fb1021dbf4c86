import type { Expressions } from '#src/expressions/compile.ts'
import type { Aggregator } from '#src/functions/declaration.ts'
import type { Operator, OperatorContext } from '#src/operators/operator.ts'
import type { AggregateCall } from '#src/plan/expression.ts'
import type { Plan, PlanNode, SourceNode } from '#src/plan/plan.ts'
import type { OperatorBook } from './operator-book.ts'

/** A plan that is being turned into linked operators, source first. */
export class Compilation {
  readonly plan: Plan
  readonly expressions: Expressions
  readonly pluginAggregator: (call: AggregateCall) => Aggregator<unknown>
  readonly operators: Operator[] = []
  /** Of the operator that was added last. */
  context: OperatorContext | undefined
  /** Batches at this point are emissions: they come out of a window. */
  isEmission = false
  readonly #book: OperatorBook

  constructor(options: {
    readonly plan: Plan
    readonly expressions: Expressions
    readonly book: OperatorBook
    readonly pluginAggregator: (call: AggregateCall) => Aggregator<unknown>
  }) {
    this.plan = options.plan
    this.expressions = options.expressions
    this.pluginAggregator = options.pluginAggregator
    this.#book = options.book
  }

  /** The next operator behind those that are there. @param kind as the status names it */
  add<O extends Operator>(kind: string, make: (context: OperatorContext) => O): O {
    this.context = this.#book.operator(kind)
    const operator = make(this.context)
    this.operators.push(operator)
    return operator
  }
}

/** The source nodes from which a node gets its rows. */
export function sourcesOf(node: PlanNode): readonly SourceNode[] {
  return node.type === 'source' ? [node] : sourcesOf(node.input)
}
