import { didYouMean, SqlError } from './errors.ts'
import { castTypes } from './keywords.ts'
import type { Lowering } from './lowering.ts'
import { nearest } from './near.ts'

const joins: ReadonlySet<string> = new Set(['INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'JOIN'])
const clauses: ReadonlySet<string> = new Set(['WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT'])

export function isClause(word: string): boolean {
  return word === 'FROM' || joins.has(word) || clauses.has(word)
}

export function lowerClause(lowering: Lowering, word: string): void {
  const { stage } = lowering.top
  if ((word === 'FROM') !== (stage === 'select')) throw lowering.unexpected()
  if (joins.has(word) && stage !== 'from') throw lowering.unexpected()
  lowering.finish()
  lowering.starred = false
  if (joins.has(word)) {
    lowerJoin(lowering, word)
    return
  }
  lowering.emit(word)
  lowering.index++
  switch (word) {
    case 'FROM':
      lowering.top.stage = 'from'
      lowerSource(lowering)
      expectClause(lowering)
      return
    case 'WHERE':
      lowering.begin('where')
      return
    case 'HAVING':
      lowering.begin('having')
      return
    case 'LIMIT':
      lowerLimit(lowering)
      return
    default:
      lowering.emit('BY')
      lowering.expectKeyword('BY')
      lowering.begin(word === 'GROUP' ? 'group' : 'order')
  }
}

function lowerSource(lowering: Lowering): void {
  lowering.expectName('a stream, a table or a topic')
  lowering.takeName()
  if (lowering.script.isKeyword(lowering.index, 'AS')) {
    lowering.emit('AS')
    lowering.index++
    lowering.expectName('an alias')
    lowering.takeName()
  }
}

function lowerJoin(lowering: Lowering, word: string): void {
  if (word === 'JOIN') throw lowering.unexpected('INNER, LEFT, RIGHT, FULL or CROSS before it')
  lowering.emit(word)
  lowering.index++
  lowering.emit('JOIN')
  lowering.expectKeyword('JOIN')
  lowerSource(lowering)
  if (word === 'CROSS') {
    if (lowering.script.isKeyword(lowering.index, 'ON')) throw crossWithCondition(lowering)
    expectClause(lowering)
    return
  }
  lowering.emit('ON')
  lowering.expectKeyword('ON')
  lowering.begin('from')
}

function crossWithCondition(lowering: Lowering): SqlError {
  const at = lowering.script.at(lowering.index)
  const hint = 'use INNER JOIN or WHERE'
  return new SqlError('bad-join', 'CROSS JOIN takes no ON', at, { hint })
}

/** Behind a source nothing but another clause may stand. */
function expectClause(lowering: Lowering): void {
  const token = lowering.script.token(lowering.index)
  const isNext = token.kind === 'keyword' && (joins.has(token.text) || clauses.has(token.text))
  if (!isNext && !lowering.atEnd()) throw lowering.unexpected()
  lowering.wantsOperand = false
}

function lowerLimit(lowering: Lowering): void {
  const { script, index } = lowering
  const token = script.token(index)
  if (token.kind !== 'integer' || !Number.isSafeInteger(Number(token.text))) {
    throw new SqlError('bad-limit', `unexpected ${script.found(index)}`, script.at(index), {
      hint: 'LIMIT takes a whole number',
    })
  }
  lowering.emit(token.text)
  lowering.index++
  lowering.top.stage = 'limit'
  lowering.wantsOperand = false
  if (!lowering.atEnd()) throw lowering.unexpected('the end')
}

/** AS in a field, in REPLACE and in CAST. */
export function lowerAlias(lowering: Lowering): void {
  const { kind, stage } = lowering.top
  if (kind === 'clauses' && stage === 'select') {
    lowerFieldAlias(lowering)
    return
  }
  if (kind === 'replace' && stage === 'none') {
    lowering.finish()
    lowering.emit(',')
    lowering.index++
    lowering.expectName('a column')
    lowering.take()
  } else if (kind === 'cast' && stage === 'none') {
    lowering.finish()
    lowering.emit(',')
    lowering.index++
    checkType(lowering)
    lowering.take('t')
  } else {
    throw lowering.unexpected()
  }
  lowering.top.stage = 'type'
  const { script, index } = lowering
  const ends =
    script.isOperator(index, ')') || (kind === 'replace' && script.isOperator(index, ','))
  if (!ends) throw lowering.unexpected()
}

function checkType({ script, index }: Lowering): void {
  const token = script.token(index)
  if (token.kind === 'name' && !token.quoted && castTypes.has(token.text.toLowerCase())) return
  const near = token.kind === 'name' ? nearest(token.text, castTypes) : undefined
  throw new SqlError('unexpected-token', `unexpected ${script.found(index)}`, script.at(index), {
    hint: didYouMean(near, `expected a type: ${[...castTypes].join(', ')}`),
  })
}

function lowerFieldAlias(lowering: Lowering): void {
  lowering.finish()
  lowering.emit('AS')
  lowering.index++
  lowering.expectName('an alias')
  const isInvisible = lowering.script.isKeyword(lowering.index + 1, 'INVISIBLE')
  lowering.emit(`${isInvisible ? 'v' : 'k'}${lowering.index}`)
  lowering.index += isInvisible ? 2 : 1
  expectFieldEnd(lowering)
}

/** INVISIBLE behind a field without an alias. */
export function lowerInvisible(lowering: Lowering): void {
  const { kind, stage } = lowering.top
  if (kind !== 'clauses' || stage !== 'select') throw lowering.unexpected()
  lowering.finish()
  lowering.emit('AS')
  lowering.emit(`w${lowering.index}`)
  lowering.index++
  expectFieldEnd(lowering)
}

function expectFieldEnd(lowering: Lowering): void {
  const { script, index } = lowering
  if (!script.isOperator(index, ',') && !script.isKeyword(index, 'FROM'))
    throw lowering.unexpected()
}

/** ASC and DESC end a key of ORDER BY. */
export function lowerDirection(lowering: Lowering, word: string): void {
  const { top, script } = lowering
  if (top.stage !== 'order') throw lowering.unexpected()
  lowering.finish()
  if (top.kind === 'over') {
    lowering.emit(',')
    lowering.take()
    if (script.isOperator(lowering.index, ',') || script.isOperator(lowering.index, ')')) return
  } else {
    lowering.emit(word)
    lowering.index++
    const isNext =
      script.isOperator(lowering.index, ',') || script.isKeyword(lowering.index, 'LIMIT')
    if (isNext || lowering.atEnd()) return
  }
  throw lowering.unexpected()
}
