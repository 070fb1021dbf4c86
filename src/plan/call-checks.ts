import type { FunctionDeclaration, KnownArgument } from '#src/functions/declaration.ts'
import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import type { Resolution } from './context.ts'
import type { PlanExpression } from './expression.ts'
import { ANY, type DataType } from './types.ts'

/** Checks the arguments of a function by its declaration, where there is one. @returns the type of the result */
export function checkArguments(
  node: ast.Call,
  args: readonly PlanExpression[],
  { functions }: Pick<Resolution, 'functions'>,
  declaration: FunctionDeclaration | undefined = functions.lookup(node.name),
): DataType {
  if (declaration === undefined) return ANY
  const known = args.map(knownArgument)
  try {
    functions.checkCall(declaration, known)
    return typeof declaration.returns === 'function'
      ? declaration.returns(known)
      : declaration.returns
  } catch (cause) {
    if (cause instanceof SqlError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = `validate function ${node.name} error: ${why}`
    throw new SqlError('wrong-arguments', what, node.at, { cause })
  }
}

function knownArgument(argument: PlanExpression): KnownArgument {
  const { dataType } = argument
  return argument.type === 'literal' ? { dataType, literal: argument.value } : { dataType }
}
