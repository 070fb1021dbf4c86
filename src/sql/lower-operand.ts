import { SqlError } from './errors.ts'
import type { Lowering } from './lowering.ts'
import type { Script } from './script.ts'

const anExpression = 'an expression'

/** Lowers the tokens that may stand where an operand is wanted. */
export function lowerOperand(lowering: Lowering): void {
  const { script, index } = lowering
  const token = script.token(index)
  if (lowering.atEnd()) throw lowering.unexpected(anExpression)
  if (script.isCall(index)) {
    lowerCall(lowering)
    return
  }
  switch (token.kind) {
    case 'name':
      if (script.isWord(index, 'NULL')) throw noNull(script, index)
      lowering.operand()
      return
    case 'integer':
    case 'decimal':
    case 'string':
      lowering.operand()
      return
    case 'keyword':
      lowerWord(lowering, token.text)
      return
    case 'operator':
      lowerSign(lowering, token.text)
      return
    case 'end':
      throw lowering.unexpected(anExpression)
    default:
      token.kind satisfies never
  }
}

/** Reads DISTINCT, which is a column's name unless an operand follows. */
export function isDistinct(script: Script, index: number): boolean {
  if (!script.isWord(index, 'DISTINCT') || isNullTest(script, index + 1)) return false
  return startsOperand(script, index + 1)
}

function isNullTest(script: Script, index: number): boolean {
  if (!script.isWord(index, 'IS')) return false
  return script.isWord(script.isKeyword(index + 1, 'NOT') ? index + 2 : index + 1, 'NULL')
}

function noNull(script: Script, index: number): SqlError {
  return new SqlError('unexpected-token', `unexpected ${script.found(index)}`, script.at(index), {
    hint: 'there is no NULL literal; test with IS NULL',
  })
}

function lowerCall(lowering: Lowering): void {
  const { script, index } = lowering
  const isCast = script.isWord(index, 'CAST')
  lowering.takeName()
  lowering.emit('(')
  lowering.open(isCast ? 'cast' : 'call')
  lowering.index++
  if (isDistinct(script, lowering.index)) {
    lowering.take('d')
    lowering.emit(',')
  } else if (script.isOperator(lowering.index, ')')) {
    closeCall(lowering)
    return
  }
  lowering.begin()
}

function closeCall(lowering: Lowering): void {
  lowering.close()
  lowering.emit(')')
  lowering.callEnd = lowering.index
  lowering.index++
}

function lowerWord(lowering: Lowering, word: string): void {
  switch (word) {
    case 'TRUE':
    case 'FALSE':
      lowering.operand()
      return
    case 'NOT':
      lowering.sign()
      return
    case 'CASE':
      lowerCase(lowering)
      return
    case 'SELECT':
      throw noSubquery(lowering)
    default:
      throw lowering.unexpected(anExpression)
  }
}

function lowerCase(lowering: Lowering): void {
  lowering.open('case', 'value')
  lowering.emit('CASE')
  lowering.take()
  if (lowering.script.isKeyword(lowering.index, 'WHEN')) {
    lowering.emit('WHEN')
    lowering.index++
    lowering.begin('when')
  } else {
    lowering.emit('<<')
    lowering.begin()
  }
}

function lowerSign(lowering: Lowering, sign: string): void {
  switch (sign) {
    case '(':
      lowering.open('group')
      lowering.emit('(')
      lowering.index++
      lowering.begin()
      return
    case '-':
      lowering.sign()
      return
    case '*':
      lowerStar(lowering)
      return
    default:
      throw lowering.unexpected(anExpression)
  }
}

function noSubquery(lowering: Lowering): SqlError {
  const at = lowering.script.at(lowering.index)
  return new SqlError('not-supported', 'sub-queries are not supported', at)
}

/** A star is a whole field or a whole argument. */
function lowerStar(lowering: Lowering): void {
  const { top, index } = lowering
  if (!takesStar(lowering) || top.start !== index) throw lowering.unexpected(anExpression)
  lowering.operand()
  lowering.starred = true
}

export function takesStar({ top }: Lowering): boolean {
  return top.kind === 'call' || (top.kind === 'clauses' && top.stage === 'select')
}

function startsOperand(script: Script, index: number): boolean {
  const token = script.token(index)
  switch (token.kind) {
    case 'name':
    case 'integer':
    case 'decimal':
    case 'string':
      return true
    case 'keyword':
      return ['TRUE', 'FALSE', 'CASE'].includes(token.text) || startsWithNot(script, index)
    case 'operator':
      return ['(', '-', '*'].includes(token.text)
    case 'end':
      return false
    default:
      return token.kind satisfies never
  }
}

function startsWithNot(script: Script, index: number): boolean {
  if (script.isCall(index)) return true
  if (!script.isKeyword(index, 'NOT')) return false
  return !['IN', 'LIKE', 'BETWEEN'].some((word) => script.isKeyword(index + 1, word))
}
