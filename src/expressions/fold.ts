import type { FunctionTable } from '#src/functions/table.ts'
import type { Literal, PlanExpression } from '#src/plan/expression.ts'
import type { DataType } from '#src/plan/types.ts'
import { mapParts } from '#src/plan/walk.ts'
import type { Expressions } from './compile.ts'

/**
 * Replaces what depends on no row by its value. What throws stays, to be an error of each row that needs it; what gives an
 * array, an object or bytes stays, because a literal cannot hold it.
 */
export function fold(
  expression: PlanExpression,
  expressions: Expressions,
  functions: FunctionTable,
): PlanExpression {
  let isConstant = true
  const folded = mapParts(expression, (child) => {
    const result = fold(child, expressions, functions)
    if (result.type !== 'literal') isConstant = false
    return result
  })
  if (!isConstant || !isFoldable(folded, functions)) return folded
  return evaluated(folded, expressions) ?? folded
}

function isFoldable(expression: PlanExpression, functions: FunctionTable): boolean {
  if (expression.type === 'literal' || expression.type === 'column') return false
  if (expression.type !== 'call') return true
  if (expression.plugin !== undefined) return false
  const declaration = functions.lookup(expression.name)
  return declaration?.kind === 'row' && declaration.volatile !== true
}

function evaluated(expression: PlanExpression, expressions: Expressions): Literal | undefined {
  try {
    const [value] = expressions.compileTuple([expression])({})
    if (!isLiteral(value)) return undefined
    return { type: 'literal', value: value ?? null, dataType: typeOf(value, expression.dataType) }
  } catch {
    return undefined // an error of the rows, if any ever needs the value
  }
}

function isLiteral(value: unknown): value is Literal['value'] | undefined {
  return value === null || typeof value !== 'object'
}

function typeOf(value: Literal['value'] | undefined, known: DataType): DataType {
  if (known.type !== 'any') return known
  switch (typeof value) {
    case 'string':
      return { type: 'string' }
    case 'boolean':
      return { type: 'boolean' }
    case 'bigint':
      return { type: 'bigint' }
    default:
      return known
  }
}
