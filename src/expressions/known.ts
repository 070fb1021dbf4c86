import type { KnownArgument } from '#src/functions/declaration.ts'
import type { PlanExpression } from '#src/plan/expression.ts'

/** What is known of arguments before the first row. */
export function knownArguments(args: readonly PlanExpression[]): KnownArgument[] {
  return args.map((arg) =>
    arg.type === 'literal'
      ? { dataType: arg.dataType, literal: arg.value }
      : { dataType: arg.dataType },
  )
}
