import type {
  BinaryOperator,
  Expression,
  FromItem,
  Join,
  JoinType,
  Over,
  Position,
  Select,
  SelectField,
  SortKey,
  Star,
} from '#src/sql/ast.ts'
import { Script } from '#src/sql/script.ts'
import { ReferenceReader } from './reference-reader.ts'

/**
 * A recursive-descent parser of SELECT that shares nothing but the tokens with the one in src: the
 * differential test compares their trees.
 */
export function parseByReference(text: string): Select {
  return new ReferenceParser(new Script(text)).statement()
}

const tightness: Readonly<Record<string, number>> = {
  OR: 10,
  AND: 20,
  '=': 30,
  '!=': 30,
  '<': 30,
  '<=': 30,
  '>': 30,
  '>=': 30,
  '+': 40,
  '-': 40,
  '|': 40,
  '^': 40,
  '*': 50,
  '/': 50,
  '%': 50,
  '&': 50,
}

class ReferenceParser extends ReferenceReader {
  statement(): Select {
    const at = this.at()
    this.expect('SELECT')
    const distinct = this.#takeDistinct()
    const fields = this.list(() => this.#field())
    this.expect('FROM')
    const from = this.#source()
    const joins: Join[] = []
    while (this.sees('INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS')) joins.push(this.#join())
    const where = this.take('WHERE') ? this.#expression() : undefined
    const groupBy = this.takeBy('GROUP') ? this.list(() => this.#expression()) : []
    const having = this.take('HAVING') ? this.#expression() : undefined
    const orderBy = this.takeBy('ORDER') ? this.list(() => this.#sortKey()) : []
    const limit = this.take('LIMIT') ? this.#limit() : undefined
    this.take(';')
    if (this.token().kind !== 'end') this.fail()
    return {
      type: 'select',
      at,
      distinct,
      fields,
      from,
      joins,
      where,
      groupBy,
      having,
      orderBy,
      limit,
    }
  }

  /** DISTINCT is a column, unless what follows can only be an operand. */
  #takeDistinct(): boolean {
    if (!this.seesWord('distinct')) return false
    const { kind, text } = this.token(1)
    const isNull =
      this.seesWord('is', 1) &&
      (this.seesWord('null', 2) || (this.seesAt(2, 'NOT') && this.seesWord('null', 3)))
    if (isNull) return false
    const isOperand =
      ['name', 'integer', 'decimal', 'string'].includes(kind) ||
      this.seesAt(1, '(', '-', '*', 'TRUE', 'FALSE', 'CASE') ||
      (kind === 'keyword' && this.#isFunction(text, 1)) ||
      (this.seesAt(1, 'NOT') && !this.seesAt(2, 'IN', 'LIKE', 'BETWEEN'))
    if (isOperand) this.next++
    return isOperand
  }

  #isFunction(word: string, ahead: number): boolean {
    return ['LEFT', 'RIGHT', 'REPLACE'].includes(word) && this.seesAt(ahead + 1, '(')
  }

  #field(): SelectField {
    const expression = this.#starOr(() => this.#expression())
    const isStar =
      expression.type === 'star' || (expression.type === 'member' && isStarMember(expression))
    if (isStar) return { expression, as: undefined, invisible: false }
    const as = this.take('AS') ? this.name() : undefined
    return { expression, as, invisible: this.take('INVISIBLE') }
  }

  /** `*` and `stream.*` where a whole field or argument may stand. */
  #starOr(other: () => Expression): Expression {
    const at = this.at()
    if (this.sees('*')) return this.#star(at)
    const isMember =
      !this.seesWord('null') &&
      this.token().kind === 'name' &&
      this.seesAt(1, '.') &&
      this.seesAt(2, '*')
    if (!isMember) return other()
    const { text: name, quoted } = this.token()
    this.next += 2
    const star = this.#star(at)
    const base: Expression = { type: 'name', at, name, quoted }
    const hasModifiers = star.except.length + star.replace.length > 0
    const member: Expression = { type: 'member', at, base, operator: '.', name: '*' }
    return hasModifiers ? { ...member, star } : member
  }

  #star(at: Position): Star {
    this.expect('*')
    let except: string[] | undefined
    let replace: { expression: Expression; as: string }[] | undefined
    for (;;) {
      if (except === undefined && this.take('EXCEPT')) {
        except = this.parenthesized(() => this.list(() => this.name()))
      } else if (replace === undefined && this.take('REPLACE')) {
        replace = this.parenthesized(() => this.list(() => this.#replacement()))
      } else {
        return { type: 'star', at, except: except ?? [], replace: replace ?? [] }
      }
    }
  }

  #replacement(): { expression: Expression; as: string } {
    const expression = this.#expression()
    this.expect('AS')
    return { expression, as: this.name() }
  }

  #source(): FromItem {
    const at = this.at()
    return { at, name: this.name(), as: this.take('AS') ? this.name() : undefined }
  }

  #join(): Join {
    const join = this.token().text.toLowerCase() as JoinType
    this.next++
    this.expect('JOIN')
    const from = this.#source()
    if (join === 'cross') return { at: from.at, join, from, on: undefined }
    this.expect('ON')
    return { at: from.at, join, from, on: this.#expression() }
  }

  #sortKey(): SortKey {
    const expression = this.#expression()
    const descending = this.take('DESC')
    if (!descending) this.take('ASC')
    return { expression, descending }
  }

  #limit(): number {
    const { kind, text } = this.token()
    if (kind !== 'integer' || !Number.isSafeInteger(Number(text))) this.fail()
    this.next++
    return Number(text)
  }

  #expression(lowest = 0): Expression {
    let left = this.sees('NOT') ? this.#not(lowest) : this.#signed()
    for (;;) {
      const predicate = lowest <= 30 ? this.#predicate(left) : undefined
      if (predicate !== undefined) {
        left = predicate
        continue
      }
      const { kind, text } = this.token()
      const tight = kind === 'operator' || kind === 'keyword' ? tightness[text] : undefined
      if (tight === undefined || tight < lowest) return left
      this.next++
      const right = this.#expression(tight + 10)
      left = { type: 'binary', at: left.at, operator: text as BinaryOperator, left, right }
    }
  }

  #not(lowest: number): Expression {
    const at = this.at()
    if (lowest > 30) this.fail()
    this.next++
    return this.nested(() => ({
      type: 'unary',
      at,
      operator: 'NOT',
      operand: this.#expression(30),
    }))
  }

  #predicate(operand: Expression): Expression | undefined {
    const { at } = operand
    if (this.seesWord('is')) {
      this.next++
      const not = this.take('NOT')
      if (!this.seesWord('null')) this.fail()
      this.next++
      return { type: 'is-null', at, not, operand }
    }
    const not = this.sees('NOT')
    if (not && !this.seesAt(1, 'IN', 'LIKE', 'BETWEEN')) this.fail()
    if (not) this.next++
    if (this.take('LIKE')) return { type: 'like', at, not, operand, pattern: this.#expression(40) }
    if (this.take('BETWEEN')) {
      const low = this.#expression(40)
      this.expect('AND')
      return { type: 'between', at, not, operand, low, high: this.#expression(40) }
    }
    if (!this.take('IN')) return undefined
    if (!this.sees('(')) {
      return { type: 'in', at, not, operand, list: undefined, set: this.#expression(40) }
    }
    const list = this.parenthesized(() => this.list(() => this.#expression()))
    return { type: 'in', at, not, operand, list, set: undefined }
  }

  #signed(): Expression {
    const at = this.at()
    if (!this.take('-')) return this.#path()
    if (this.sees('NOT')) this.fail()
    const operand = this.nested(() => this.#signed())
    if (operand.type !== 'literal' || typeof operand.value === 'string') {
      return { type: 'unary', at, operator: '-', operand }
    }
    if (typeof operand.value === 'boolean') return { type: 'unary', at, operator: '-', operand }
    const value = typeof operand.value === 'bigint' ? -operand.value : 0 - operand.value
    return { type: 'literal', at, value, kind: operand.kind }
  }

  #path(): Expression {
    let base = this.#primary()
    for (;;) {
      const { at } = base
      const { text } = this.token()
      if (this.sees('->', '.')) {
        const operator = text === '.' ? '.' : '->'
        this.next++
        if (this.token().text === '*') this.fail()
        base = { type: 'member', at, base, operator, name: this.#fieldName() }
      } else if (this.take('[')) {
        base = this.nested(() => this.#subscript(base))
        this.expect(']')
      } else {
        return base
      }
    }
  }

  #fieldName(): string {
    const { kind, start, end } = this.token()
    if (kind !== 'keyword') return this.name()
    this.next++
    return this.script.text.slice(start, end)
  }

  #subscript(base: Expression): Expression {
    const { at } = base
    const from = this.sees(':') ? undefined : this.#expression()
    if (this.take(':')) {
      const to = this.sees(']') ? undefined : this.#expression()
      return { type: 'slice', at, base, from, to }
    }
    return from === undefined ? this.fail() : { type: 'subscript', at, base, index: from }
  }

  #primary(): Expression {
    const at = this.at()
    const { kind, text, quoted } = this.token()
    const isFunction = kind === 'name' || (kind === 'keyword' && this.#isFunction(text, 0))
    if (isFunction && this.seesAt(1, '(')) return this.#call(at)
    if (this.sees('(')) return this.parenthesized(() => this.#expression())
    if (this.take('CASE')) return this.nested(() => this.#case(at))
    if (kind === 'end' || kind === 'operator') this.fail()
    if (kind === 'keyword' && text !== 'TRUE' && text !== 'FALSE') this.fail()
    if (this.seesWord('null')) this.fail()
    this.next++
    switch (kind) {
      case 'name':
        return { type: 'name', at, name: text, quoted }
      case 'string':
        return { type: 'literal', at, value: text, kind: 'string' }
      case 'keyword':
        return { type: 'literal', at, value: text === 'TRUE', kind: 'boolean' }
      case 'decimal':
        return { type: 'literal', at, value: Number.parseFloat(text), kind: 'float' }
      default: {
        const exact = BigInt(text)
        const isLarge = exact > BigInt(Number.MAX_SAFE_INTEGER)
        return { type: 'literal', at, value: isLarge ? exact : Number(exact), kind: 'bigint' }
      }
    }
  }

  #call(at: Position): Expression {
    const isCast = this.seesWord('cast')
    const name = this.#fieldName()
    let distinct = false
    const args = this.parenthesized(() => {
      distinct = this.#takeDistinct()
      if (this.sees(')')) return []
      return isCast ? this.#castArgs() : this.list(() => this.#argument())
    })
    const filter = this.take('FILTER') ? this.parenthesized(() => this.#filter()) : undefined
    const over = this.take('OVER') ? this.parenthesized(() => this.#over()) : undefined
    return { type: 'call', at, name, args, distinct, filter, over }
  }

  #argument(): Expression {
    return this.#starOr(() => this.#expression())
  }

  #castArgs(): Expression[] {
    const value = this.#expression()
    if (this.take(',')) return [value, ...this.list(() => this.#expression())]
    if (!this.take('AS')) return [value]
    const at = this.at()
    const type = this.token().quoted ? '' : this.name().toLowerCase()
    if (!['bigint', 'float', 'string', 'boolean', 'bytea', 'datetime'].includes(type)) this.fail()
    return [value, { type: 'literal', at, value: type, kind: 'string' }]
  }

  #filter(): Expression {
    this.expect('WHERE')
    return this.#expression()
  }

  #over(): Over {
    const partition = this.takeBy('PARTITION') ? this.list(() => this.#expression()) : []
    const when = this.take('WHEN') ? this.#expression() : undefined
    const order = this.takeBy('ORDER') ? this.list(() => this.#sortKey()) : []
    return { partition, when, order }
  }

  #case(at: Position): Expression {
    const value = this.sees('WHEN') ? undefined : this.#expression()
    const whens: { condition: Expression; result: Expression }[] = []
    do {
      this.expect('WHEN')
      const condition = this.#expression()
      this.expect('THEN')
      whens.push({ condition, result: this.#expression() })
    } while (this.sees('WHEN'))
    const otherwise = this.take('ELSE') ? this.#expression() : undefined
    this.expect('END')
    return { type: 'case', at, value, whens, otherwise }
  }
}

function isStarMember(member: Extract<Expression, { type: 'member' }>): boolean {
  return member.name === '*' && member.base.type === 'name'
}
