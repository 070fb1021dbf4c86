import type { Expression, Select } from './ast.ts'
import { SqlError } from './errors.ts'
import { type LibraryNode, parseWithLibrary, UnknownTree } from './library.ts'
import { liftExpression, liftSelect } from './lift.ts'
import { lowerExpression, lowerSelect } from './lower.ts'
import type { Output } from './output.ts'
import type { Script } from './script.ts'

/** Parses the SELECT between two tokens; `to` is the end or a semicolon. */
export function parseSelect(script: Script, from: number, to: number): Select {
  const output = lowerSelect(script, from, to)
  return lifted(script, from, () => liftSelect(script, treeOf(script, output, from, to), from))
}

/** Parses the expression between two tokens. */
export function parseWhole(script: Script, from: number, to: number): Expression {
  const output = lowerExpression(script, from, to)
  return lifted(script, from, () => liftExpression(script, treeOf(script, output, from, to)))
}

function treeOf(script: Script, output: Output, from: number, to: number): LibraryNode {
  const answer = parseWithLibrary(output.text())
  if ('tree' in answer) return answer.tree
  if (answer.offset === undefined) throw notUnderstood(script, from, answer.cause)
  const token = output.tokenAt(answer.offset) ?? to
  throw script.unexpected(token, 'WHERE, GROUP BY, HAVING, ORDER BY and LIMIT in this order')
}

function lifted<T>(script: Script, from: number, lift: () => T): T {
  try {
    return lift()
  } catch (cause) {
    throw cause instanceof UnknownTree ? notUnderstood(script, from, cause) : cause
  }
}

function notUnderstood(script: Script, from: number, cause: unknown): SqlError {
  const what = 'the statement is not understood'
  return new SqlError('not-supported', what, script.at(from), { cause })
}
