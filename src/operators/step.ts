import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  unlinked,
} from './operator.ts'

/** What operators have in common that deal with a batch when it comes: time passes them by, and they keep nothing. */
export abstract class Step implements Operator {
  readonly id: OperatorId
  protected readonly context: OperatorContext
  protected output: Output = unlinked

  constructor(id: OperatorId, context: OperatorContext) {
    this.id = id
    this.context = context
  }

  /** Deals with a batch that has rows. */
  protected abstract take(batch: Batch): void

  link(output: Output): void {
    this.output = output
  }

  push(batch: Batch): void {
    if (batch.empty === undefined) this.take(batch)
    else this.output.push(batch)
  }

  advance(time: number): void {
    this.output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return undefined
  }

  restore(_state: unknown): void {}
}
