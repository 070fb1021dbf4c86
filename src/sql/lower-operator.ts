import {
  closeBracket,
  closeParenthesis,
  lowerColon,
  lowerComma,
  openSubscript,
} from './lower-bracket.ts'
import {
  isClause,
  lowerAlias,
  lowerClause,
  lowerDirection,
  lowerInvisible,
} from './lower-clause.ts'
import { takesStar } from './lower-operand.ts'
import { lowerFilter, lowerModifier, lowerOver, lowerOverPart } from './lower-suffix.ts'
import type { Lowering } from './lowering.ts'

const comparisons: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>='])
const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '&', '|', '^'])

/** Lowers the tokens that may stand behind an operand. */
export function lowerOperator(lowering: Lowering): void {
  const { script, index } = lowering
  const token = script.token(index)
  if (lowering.starred && !mayFollowStar(lowering)) throw lowering.unexpected()
  if (token.kind === 'operator') {
    lowerSign(lowering, token.text)
    return
  }
  if (token.kind === 'keyword') {
    lowerWord(lowering, token.text)
    return
  }
  if (script.isWord(index, 'IS')) {
    lowerIs(lowering)
    return
  }
  throw lowering.unexpected()
}

function mayFollowStar({ script, index }: Lowering): boolean {
  const token = script.token(index)
  if (token.kind === 'operator') return token.text === ',' || token.text === ')'
  return token.kind === 'keyword' && ['EXCEPT', 'REPLACE', 'FROM'].includes(token.text)
}

function lowerSign(lowering: Lowering, sign: string): void {
  if (comparisons.has(sign)) {
    lowering.infix(sign, true)
    return
  }
  if (arithmetic.has(sign)) {
    lowering.infix(sign, false)
    return
  }
  switch (sign) {
    case '.':
    case '->':
      lowerPath(lowering, sign)
      return
    case '[':
      openSubscript(lowering)
      return
    case ']':
      closeBracket(lowering)
      return
    case ')':
      closeParenthesis(lowering)
      return
    case ',':
      lowerComma(lowering)
      return
    case ':':
      lowerColon(lowering)
      return
    default:
      throw lowering.unexpected()
  }
}

function lowerPath(lowering: Lowering, sign: string): void {
  const { script, index, top } = lowering
  const name = script.token(index + 1)
  const isStar = sign === '.' && script.isOperator(index + 1, '*')
  if (isStar) {
    const isWhole = top.start === index - 1 && script.token(index - 1).kind === 'name'
    if (!takesStar(lowering) || !isWhole) throw script.unexpected(index + 1, 'a field')
  } else if ((name.kind !== 'name' && name.kind !== 'keyword') || name.text === '*') {
    throw script.unexpected(index + 1, 'a field')
  }
  lowering.emit('<<')
  lowering.index++
  lowering.operand()
  lowering.starred = isStar
}

function lowerWord(lowering: Lowering, word: string): void {
  switch (word) {
    case 'AND':
    case 'OR':
      lowering.infix(word, true)
      return
    case 'NOT':
      lowerNot(lowering)
      return
    case 'IN':
      lowerIn(lowering)
      return
    case 'LIKE':
    case 'BETWEEN':
      lowerMarker(lowering)
      return
    case 'FILTER':
      lowerFilter(lowering)
      return
    case 'OVER':
      lowerOver(lowering)
      return
    case 'EXCEPT':
    case 'REPLACE':
      lowerModifier(lowering, word)
      return
    case 'AS':
      lowerAlias(lowering)
      return
    case 'INVISIBLE':
      lowerInvisible(lowering)
      return
    case 'ASC':
    case 'DESC':
      lowerDirection(lowering, word)
      return
    default:
      lowerPart(lowering, word)
  }
}

/** The words that end an element of the open frame and start the next. */
function lowerPart(lowering: Lowering, word: string): void {
  const { kind, stage } = lowering.top
  if (kind === 'case') {
    lowerCasePart(lowering, word)
    return
  }
  if (kind === 'over') {
    lowerOverPart(lowering)
    return
  }
  if (kind !== 'clauses' || stage === 'expression' || !isClause(word)) throw lowering.unexpected()
  lowerClause(lowering, word)
}

function lowerMarker(lowering: Lowering): void {
  lowering.emit('<<')
  lowering.take()
  lowering.emit('<<')
  lowering.wantsOperand = true
}

/** NOT behind an operand belongs to IN, LIKE or BETWEEN. */
function lowerNot(lowering: Lowering): void {
  const { script, index } = lowering
  if (!['IN', 'LIKE', 'BETWEEN'].some((word) => script.isKeyword(index + 1, word))) {
    throw script.unexpected(index, 'an operator')
  }
  lowering.emit('<<')
  lowering.take()
}

/** `IN (` starts a list, anything else is a set. */
function lowerIn(lowering: Lowering): void {
  if (!lowering.script.isOperator(lowering.index + 1, '(')) {
    lowerMarker(lowering)
    return
  }
  lowering.emit('<<')
  lowering.takeName()
  lowering.open('in')
  lowering.emit('(')
  lowering.index++
  lowering.begin()
}

function lowerIs(lowering: Lowering): void {
  lowering.emit('<<')
  lowering.take()
  if (lowering.script.isKeyword(lowering.index, 'NOT')) {
    lowering.emit('<<')
    lowering.take()
  }
  if (!lowering.script.isWord(lowering.index, 'NULL')) throw lowering.unexpected('NULL')
  lowering.emit('<<')
  lowering.operand()
}

function lowerCasePart(lowering: Lowering, word: string): void {
  const { stage } = lowering.top
  const follows =
    (word === 'WHEN' && (stage === 'value' || stage === 'then')) ||
    (word === 'THEN' && stage === 'when') ||
    (word === 'ELSE' && stage === 'then') ||
    (word === 'END' && (stage === 'then' || stage === 'else'))
  if (!follows) throw lowering.unexpected()
  if (word === 'END') lowering.close()
  else lowering.finish()
  lowering.emit(word)
  lowering.index++
  if (word === 'WHEN') lowering.begin('when')
  else if (word === 'THEN') lowering.begin('then')
  else if (word === 'ELSE') lowering.begin('else')
}
