import type { Expression, Statement } from './ast.ts'
import { parseDefinition } from './ddl.ts'
import { checkHeight, checkStatementHeight } from './height.ts'
import { Script } from './script.ts'
import { parseSelect, parseWhole } from './select.ts'

interface Range {
  readonly from: number
  /** The end of the text or a semicolon. */
  readonly to: number
}

const verbs = 'SELECT, CREATE, SHOW, DESCRIBE, EXPLAIN or DROP'

/** Reads the one statement of a text; a semicolon may follow. Throws an SqlError. */
export function parseStatement(text: string): Statement {
  const script = new Script(text)
  const [range, second] = rangesOf(script)
  if (range === undefined) throw script.unexpected(0, verbs)
  if (second !== undefined) throw script.unexpected(second.from, 'one statement')
  return parseRange(script, range)
}

/** Reads all statements of a text, separated by semicolons; one may follow the last. */
export function parseStatements(text: string): Statement[] {
  const script = new Script(text)
  const ranges = rangesOf(script)
  if (ranges.length === 0) throw script.unexpected(0, verbs)
  return ranges.map((range) => parseRange(script, range))
}

/** Reads an expression that stands alone. */
export function parseExpression(text: string): Expression {
  const script = new Script(text)
  const to = script.tokens.findIndex((_, index) => script.isEnd(index))
  const expression = parseWhole(script, 0, to)
  if (script.token(to).kind !== 'end') throw script.unexpectedSemicolon(to)
  checkHeight([expression])
  return expression
}

function rangesOf(script: Script): Range[] {
  const ranges: Range[] = []
  let from = 0
  for (let index = 0; index < script.tokens.length; index++) {
    if (!script.isEnd(index)) continue
    if (index > from) ranges.push({ from, to: index })
    from = index + 1
  }
  return ranges
}

function parseRange(script: Script, { from, to }: Range): Statement {
  const statement = script.isKeyword(from, 'SELECT')
    ? parseSelect(script, from, to)
    : parseDefinition(script, from)
  checkStatementHeight(statement)
  return statement
}
