import type { Call, PlanExpression } from '#src/plan/expression.ts'
import type { TimeParser } from './compare.ts'
import type { Scope } from './scope.ts'

/** Writes the text of expressions into one scope. */
export interface Emitter {
  readonly scope: Scope
  readonly parseTime: TimeParser
  /** The text of the value. It may be used once only: it sets temporaries of the scope. */
  emit(expression: PlanExpression): string
  /** The text of a call whose arguments have these texts. */
  call(call: Call, args: readonly string[]): string
}
