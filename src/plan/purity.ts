import type { FunctionTable } from '#src/functions/table.ts'
import type { PlanExpression } from './expression.ts'
import { some } from './walk.ts'

/** Whether the value is the same however often it is computed for one row: no plugin, no clock, no chance. */
export function isRepeatable(
  expression: PlanExpression,
  { functions }: { readonly functions: FunctionTable },
): boolean {
  return !some(expression, (part) => {
    if (part.type !== 'call') return false
    if (part.plugin !== undefined) return true
    const declaration = functions.lookup(part.name)
    return declaration?.kind === 'row' && declaration.volatile === true
  })
}
