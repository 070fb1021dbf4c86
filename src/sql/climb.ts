import type { Case, Expression, Literal, Over, SortKey } from './ast.ts'
import { SqlError } from './errors.ts'
import type { CaseItem, Item, Mark } from './flatten.ts'
import { UnknownTree } from './library.ts'
import { decimalLiteral, integerLiteral, negated } from './literal.ts'
import { isBinaryOperator, level, levelOfOperator } from './precedence.ts'
import type { Script } from './script.ts'
import { withModifier } from './star.ts'
import { isPathSign, type Token } from './tokens.ts'

type TokenItem = Extract<Item, { type: 'token' }>

/** Builds the tree of one sequence by precedence climbing. */
export function climb(script: Script, items: readonly Item[]): Expression {
  return new Climb(script, items).expression()
}

class Climb {
  readonly #script: Script
  readonly #items: readonly Item[]
  #next = 0

  constructor(script: Script, items: readonly Item[]) {
    this.#script = script
    this.#items = items
  }

  expression(): Expression {
    const expression = this.#binary(level.or)
    if (this.#next !== this.#items.length) throw new UnknownTree('more than one expression')
    return expression
  }

  /** An expression of operators that bind at least so tight. */
  #binary(lowest: number): Expression {
    let left = this.#prefixed(lowest)
    for (;;) {
      const item = this.#items[this.#next]
      if (item === undefined) return left
      if (item.type === 'operator') {
        const { operator } = item
        if (!isBinaryOperator(operator)) throw new UnknownTree(`the operator ${operator}`)
        if (levelOfOperator(operator) < lowest) return left
        this.#next++
        const right = this.#binary(levelOfOperator(operator) + 1)
        left = { type: 'binary', at: left.at, operator, left, right }
      } else if (item.type === 'token' && lowest <= level.comparison) {
        left = this.#predicate(left)
      } else {
        return left
      }
    }
  }

  #prefixed(lowest: number): Expression {
    const item = this.#items[this.#next]
    if (item?.type === 'token' && this.#isSign(item)) {
      const index = item.mark.token
      this.#next++
      if (this.#script.isOperator(index, '-')) {
        return negated(this.#prefixed(level.operand), this.#script.at(index))
      }
      if (lowest > level.not) throw this.#script.unexpected(index, 'an expression')
      const operand = this.#binary(level.not)
      return { type: 'unary', at: this.#script.at(index), operator: 'NOT', operand }
    }
    return this.#path()
  }

  #isSign({ mark, args }: TokenItem): boolean {
    if (args !== undefined) return false
    return this.#script.isOperator(mark.token, '-') || this.#script.isKeyword(mark.token, 'NOT')
  }

  /** [NOT] IN, LIKE, BETWEEN or IS [NOT] NULL behind an operand. */
  #predicate(operand: Expression): Expression {
    const { at } = operand
    if (this.#script.isWord(this.#token().mark.token, 'IS')) {
      this.#next++
      const not = this.#takeNot()
      this.#next++
      return { type: 'is-null', at, not, operand }
    }
    const not = this.#takeNot()
    const { mark, args } = this.#token()
    this.#next++
    switch (this.#script.token(mark.token).text) {
      case 'IN': {
        const list = args?.map((arg) => climb(this.#script, arg))
        const set = list === undefined ? this.#binary(level.sum) : undefined
        return { type: 'in', at, not, operand, list, set }
      }
      case 'LIKE':
        return { type: 'like', at, not, operand, pattern: this.#binary(level.sum) }
      case 'BETWEEN': {
        const low = this.#binary(level.sum)
        this.#takeAnd(mark.token)
        return { type: 'between', at, not, operand, low, high: this.#binary(level.sum) }
      }
      default:
        throw new UnknownTree(`a predicate ${this.#script.found(mark.token)}`)
    }
  }

  #takeNot(): boolean {
    const not = this.#script.isKeyword(this.#token().mark.token, 'NOT')
    if (not) this.#next++
    return not
  }

  #takeAnd(between: number): void {
    const item = this.#items[this.#next]
    if (item?.type !== 'operator' || item.operator !== 'AND') {
      const at = this.#script.at(between)
      throw new SqlError('unexpected-token', 'BETWEEN without its AND', at, {
        hint: 'expected BETWEEN low AND high',
      })
    }
    this.#next++
  }

  #token(): TokenItem {
    const item = this.#items[this.#next]
    if (item?.type !== 'token') throw new UnknownTree('an operand that is no token')
    return item
  }

  /** An operand with its paths, subscripts and suffixes. */
  #path(): Expression {
    let base = this.#primary()
    for (;;) {
      const item = this.#items[this.#next]
      if (item?.type !== 'token') return base
      const extended = this.#extended(base, item)
      if (extended === undefined) return base
      base = extended
      this.#next++
    }
  }

  #extended(base: Expression, item: TokenItem): Expression | undefined {
    const { mark, args } = item
    const script = this.#script
    const sign = script.token(Math.max(mark.token - 1, 0))
    if (isPathSign(sign) && mark.token > 0) return this.#member(base, mark, sign)
    if (args === undefined) return undefined
    if (script.isOperator(mark.token, '[')) return this.#subscript(base, args)
    if (script.isKeyword(mark.token, 'EXCEPT') || script.isKeyword(mark.token, 'REPLACE')) {
      const trees = args.map((arg) => climb(script, arg))
      return withModifier(script, base, mark.token, trees)
    }
    if (base.type !== 'call') return undefined
    if (script.isKeyword(mark.token, 'FILTER')) {
      return { ...base, filter: climb(script, args[0] ?? []) }
    }
    if (script.isKeyword(mark.token, 'OVER')) return { ...base, over: this.#over(args) }
    return undefined
  }

  #member(base: Expression, mark: Mark, sign: Token): Expression {
    const operator = sign.text === '.' ? '.' : '->'
    const isStar = this.#script.isOperator(mark.token, '*')
    const name = isStar ? '*' : this.#script.nameAt(mark.token)
    return { type: 'member', at: base.at, base, operator, name }
  }

  #subscript(base: Expression, args: readonly Item[][]): Expression {
    const { at } = base
    const colon = args.findIndex(([item]) => this.#isToken(item, ':'))
    const ends = args.map((arg, index) => (index === colon ? undefined : climb(this.#script, arg)))
    if (colon !== -1) {
      return { type: 'slice', at, base, from: ends[colon - 1], to: ends[colon + 1] }
    }
    const [index] = ends
    if (index === undefined) throw new UnknownTree('an empty subscript')
    return { type: 'subscript', at, base, index }
  }

  #isToken(item: Item | undefined, sign: string): boolean {
    return item?.type === 'token' && this.#script.isOperator(item.mark.token, sign)
  }

  #over(args: readonly Item[][]): Over {
    const partition: Expression[] = []
    const order: SortKey[] = []
    let when: Expression | undefined
    let part = ''
    for (const arg of args) {
      const word = this.#partOf(arg)
      if (word === 'ASC' || word === 'DESC') {
        const key = order.pop()
        if (key !== undefined) order.push({ ...key, descending: word === 'DESC' })
      } else if (word !== undefined) {
        part = word
      } else if (part === 'PARTITION') {
        partition.push(climb(this.#script, arg))
      } else if (part === 'WHEN') {
        when = climb(this.#script, arg)
      } else {
        order.push({ expression: climb(this.#script, arg), descending: false })
      }
    }
    return { partition, when, order }
  }

  /** The keyword that an argument of OVER consists of. */
  #partOf([item, more]: readonly Item[]): string | undefined {
    if (item?.type !== 'token' || item.args !== undefined || more !== undefined) return undefined
    const token = this.#script.token(item.mark.token)
    const isPart = ['PARTITION', 'WHEN', 'ORDER', 'ASC', 'DESC'].includes(token.text)
    return token.kind === 'keyword' && isPart ? token.text : undefined
  }

  #primary(): Expression {
    const item = this.#items[this.#next]
    if (item === undefined) throw new UnknownTree('an operand is missing')
    this.#next++
    switch (item.type) {
      case 'group':
        return climb(this.#script, item.items)
      case 'case':
        return this.#case(item)
      case 'token':
        return item.args === undefined ? this.#leaf(item.mark) : this.#call(item.mark, item.args)
      case 'operator':
        throw new UnknownTree(`an operator ${item.operator} without an operand`)
      default:
        return item satisfies never
    }
  }

  #case({ token, value, whens, otherwise }: CaseItem): Case {
    const tree = (items: readonly Item[]) => climb(this.#script, items)
    return {
      type: 'case',
      at: this.#script.at(token),
      value: value === undefined ? undefined : tree(value),
      whens: whens.map((when) => ({
        condition: tree(when.condition),
        result: tree(when.result),
      })),
      otherwise: otherwise === undefined ? undefined : tree(otherwise),
    }
  }

  #call(mark: Mark, args: readonly Item[][]): Expression {
    const [first] = args[0] ?? []
    const distinct = first?.type === 'token' && first.mark.letter === 'd'
    return {
      type: 'call',
      at: this.#script.at(mark.token),
      name: this.#script.nameAt(mark.token),
      args: (distinct ? args.slice(1) : args).map((arg) => climb(this.#script, arg)),
      distinct,
      filter: undefined,
      over: undefined,
    }
  }

  #leaf(mark: Mark): Expression {
    const token = this.#script.token(mark.token)
    const at = this.#script.at(mark.token)
    if (mark.letter === 't') return textLiteral(token.text.toLowerCase(), at)
    switch (token.kind) {
      case 'integer':
        return integerLiteral(token.text, at)
      case 'decimal':
        return decimalLiteral(token.text, at)
      case 'string':
        return textLiteral(token.text, at)
      case 'name':
        return { type: 'name', at, name: token.text, quoted: token.quoted }
      case 'keyword':
        return { type: 'literal', at, value: token.text === 'TRUE', kind: 'boolean' }
      case 'operator':
        return { type: 'star', at, except: [], replace: [] }
      case 'end':
        throw new UnknownTree('the end as an operand')
      default:
        return token.kind satisfies never
    }
  }
}

function textLiteral(value: string, at: Literal['at']): Literal {
  return { type: 'literal', at, value, kind: 'string' }
}
