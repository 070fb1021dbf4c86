import type { Case, Expression, Literal, Over, SortKey, Star } from './ast.ts'
import { functionKeywords, keywords } from './keywords.ts'
import { level, levelOfOperator } from './precedence.ts'

/**
 * The canonical text of an expression: keywords in upper case, one space around operators, parentheses only
 * where they are needed. Parsed again it gives the same tree, but for positions.
 */
export function printExpression(expression: Expression): string {
  return print(expression, level.or)
}

/** The text of an expression that stands where operators of at least `lowest` may stand bare. */
function print(expression: Expression, lowest: number): string {
  const text = printBare(expression)
  return levelOf(expression) < lowest ? `(${text})` : text
}

function printBare(expression: Expression): string {
  switch (expression.type) {
    case 'literal':
      return printLiteral(expression)
    case 'name':
      return printName(expression.name, expression.quoted)
    case 'star':
      return printStar(expression)
    case 'member':
      return printMember(expression)
    case 'subscript':
      return `${printBase(expression.base)}[${printExpression(expression.index)}]`
    case 'slice': {
      const [from, to] = [expression.from, expression.to].map((end) =>
        end === undefined ? '' : printExpression(end),
      )
      return `${printBase(expression.base)}[${from}:${to}]`
    }
    case 'call':
      return printCall(expression)
    case 'unary':
      return printUnary(expression)
    case 'binary':
      return printBinary(expression)
    case 'case':
      return printCase(expression)
    case 'between':
    case 'in':
    case 'like':
    case 'is-null':
      return printPredicate(expression)
    default:
      return expression satisfies never
  }
}

function levelOf(expression: Expression): number {
  switch (expression.type) {
    case 'binary':
      return levelOfOperator(expression.operator)
    case 'unary':
      return expression.operator === 'NOT' ? level.not : level.operand
    case 'between':
    case 'in':
    case 'like':
    case 'is-null':
      return level.comparison
    case 'literal':
    case 'name':
    case 'star':
    case 'member':
    case 'subscript':
    case 'slice':
    case 'call':
    case 'case':
      return level.operand
    default:
      return expression satisfies never
  }
}

function printBinary({ operator, left, right }: Extract<Expression, { type: 'binary' }>): string {
  const own = levelOfOperator(operator)
  return `${print(left, own)} ${operator} ${print(right, own + 1)}`
}

function printUnary({ operator, operand }: Extract<Expression, { type: 'unary' }>): string {
  if (operator === 'NOT') return `NOT ${print(operand, level.not)}`
  const text = print(operand, level.operand)
  return text.startsWith('-') ? `- ${text}` : `-${text}`
}

type Predicate = Extract<Expression, { type: 'between' | 'in' | 'like' | 'is-null' }>

function printPredicate(predicate: Predicate): string {
  const not = predicate.not ? 'NOT ' : ''
  const left = print(predicate.operand, level.comparison)
  switch (predicate.type) {
    case 'between': {
      const [low, high] = [predicate.low, predicate.high].map((end) => print(end, level.sum))
      return `${left} ${not}BETWEEN ${low} AND ${high}`
    }
    case 'in': {
      if (predicate.list !== undefined) return `${left} ${not}IN (${printList(predicate.list)})`
      const set = predicate.set === undefined ? '()' : print(predicate.set, level.sum)
      return `${left} ${not}IN ${set}`
    }
    case 'like':
      return `${left} ${not}LIKE ${print(predicate.pattern, level.sum)}`
    case 'is-null':
      return `${left} IS ${not}NULL`
    default:
      return predicate satisfies never
  }
}

/** What a path or a subscript is applied to. A number or a minus there would be read another way. */
function printBase(base: Expression): string {
  const isBare = ['name', 'member', 'subscript', 'slice', 'call'].includes(base.type)
  return isBare ? printBare(base) : `(${printExpression(base)})`
}

function printMember(member: Extract<Expression, { type: 'member' }>): string {
  const { base, operator, name, star } = member
  if (name === '*') return `${printBase(base)}.*${star === undefined ? '' : printModifiers(star)}`
  const field = keywords.has(name.toUpperCase()) ? name : printName(name, false)
  return `${printBase(base)}${operator}${field}`
}

function printStar(star: Star): string {
  return `*${printModifiers(star)}`
}

function printModifiers({ except, replace }: Star): string {
  const names = except.map((name) => printName(name, false))
  const replaced = replace.map(
    ({ expression, as }) => `${printExpression(expression)} AS ${printName(as, false)}`,
  )
  const exceptText = names.length === 0 ? '' : ` EXCEPT(${names.join(', ')})`
  return replaced.length === 0 ? exceptText : `${exceptText} REPLACE(${replaced.join(', ')})`
}

function printCall(call: Extract<Expression, { type: 'call' }>): string {
  const { name, args, distinct, filter, over } = call
  const written = functionKeywords.has(name.toUpperCase()) ? name : printName(name, false)
  const filterText = filter === undefined ? '' : ` FILTER(WHERE ${printExpression(filter)})`
  const overText = over === undefined ? '' : ` OVER(${printOver(over)})`
  return `${written}(${distinct ? 'DISTINCT ' : ''}${printList(args)})${filterText}${overText}`
}

function printOver({ partition, when, order }: Over): string {
  return [
    partition.length === 0 ? '' : `PARTITION BY ${printList(partition)}`,
    when === undefined ? '' : `WHEN ${printExpression(when)}`,
    order.length === 0 ? '' : `ORDER BY ${order.map(printSortKey).join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** `expression` or `expression DESC`. */
export function printSortKey({ expression, descending }: SortKey): string {
  return `${printExpression(expression)}${descending ? ' DESC' : ''}`
}

function printCase({ value, whens, otherwise }: Case): string {
  return [
    'CASE',
    ...(value === undefined ? [] : [printExpression(value)]),
    ...whens.map(
      ({ condition, result }) =>
        `WHEN ${printExpression(condition)} THEN ${printExpression(result)}`,
    ),
    ...(otherwise === undefined ? [] : [`ELSE ${printExpression(otherwise)}`]),
    'END',
  ].join(' ')
}

function printList(expressions: readonly Expression[]): string {
  return expressions.map(printExpression).join(', ')
}

/** Text in double quotes, with escapes the tokenizer reads; a float always has a point or an exponent. */
function printLiteral({ value, kind }: Literal): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  const text = String(value)
  return kind === 'float' && /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** A name, in back-ticks where it would not be read as one. */
export function printName(name: string, quoted: boolean): string {
  const isPlain = /^[\p{L}_][\p{L}\p{N}\p{M}_]*$/u.test(name)
  const isReserved = keywords.has(name.toUpperCase()) || /^(null|distinct)$/i.test(name)
  return isPlain && !isReserved && !quoted ? name : `\`${name}\``
}
