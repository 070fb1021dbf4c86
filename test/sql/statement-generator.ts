import { Script } from '#src/sql/script.ts'
import type { Random } from './random.ts'

const columns = [
  'a',
  'b',
  'temp',
  'demo',
  '`select`',
  '`hello world`',
  '`*`',
  '温度',
  'größe',
  'value',
  'key',
  'table',
  'is',
  'cast',
  'ss',
  'count_x',
  'window',
]
const functions = ['sum', 'count', 'Lower', 'if', 'replace', 'LEFT', 'right', 'date', 'cast', '`f`']
const fields = [...columns, 'end', 'order', 'Select', 'null', 'from1', 'in']
const signs = ['+', '-', '*', '/', '%', '&', '|', '^']
const comparisons = ['=', '!=', '<>', '<', '<=', '>', '>=', '> =', '! =']
const words =
  ', ( ) [ ] : . -> ; * - + = < AND OR NOT x 5 "s" .5 IN LIKE BETWEEN IS NULL CASE WHEN THEN ELSE END ' +
  'SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT ASC DESC AS INVISIBLE DISTINCT EXCEPT REPLACE FILTER OVER ' +
  'PARTITION INNER LEFT CROSS JOIN ON TRUE cast( bigint `q` topic/# /* */ --'
const mutations = words.split(' ')

/** Writes random statements of the whole grammar of SELECT. Most are nonsense, all are well-formed. */
export class StatementGenerator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  select(): string {
    const random = this.#random
    const expression = (depth: number) => () => this.#expression(depth)
    let text = `${random.pick(['SELECT', 'select'])} ${random.chance(0.1) ? 'DISTINCT ' : ''}`
    text += random.list(1, 3, () => this.#field()).join(', ')
    text += ` FROM ${this.#source()}`
    for (let joins = random.below(6) - 3; joins > 0; joins--) text += this.#join()
    if (random.chance(0.6)) text += ` WHERE ${this.#expression(4)}`
    if (random.chance(0.5)) {
      const dimensions = [...random.list(0, 2, expression(2)), this.#window()]
      text += ` GROUP BY ${dimensions.join(', ')}`
    }
    if (random.chance(0.3)) text += ` HAVING ${this.#expression(3)}`
    if (random.chance(0.3)) text += ` ORDER BY ${this.#sortKeys()}`
    if (random.chance(0.2)) text += ` LIMIT ${random.below(100)}`
    return random.chance(0.1) ? `${text};` : text
  }

  /** One to three tokens taken away, put in or exchanged. */
  mutated(text: string): string {
    let damaged = text
    for (let count = 1 + this.#random.below(3); count > 0; count--) damaged = this.#mutate(damaged)
    return damaged
  }

  #mutate(text: string): string {
    const random = this.#random
    const tokens = tokensOf(text)
    const [one, other] = [random.pick(tokens), random.pick(tokens)]
    const [before, behind] = [text.slice(0, one.start), text.slice(one.end)]
    const word = text.slice(other.start, other.end)
    return random.choose([
      () => `${before} ${behind}`,
      () => `${before} ${random.pick(mutations)} ${text.slice(one.start)}`,
      () => `${before} ${random.pick(mutations)} ${behind}`,
      () => `${before} ${word} ${behind}`,
      () => `${before} ${word} ${text.slice(one.start)}`,
    ])
  }

  #field(): string {
    const random = this.#random
    const name = random.pick(['x', '`y z`', 'distinct', 'Ärger'])
    const ending = random.pick(['', '', ` AS ${name}`, ' INVISIBLE', ` AS ${name} INVISIBLE`])
    return random.chance(0.2) ? this.#star() : `${this.#expression(3)}${ending}`
  }

  #star(): string {
    const random = this.#random
    const star = random.pick(['*', 'demo.*', '`my stream`.*'])
    const except = `EXCEPT(${random.list(1, 2, () => random.pick(columns)).join(', ')})`
    const replaced = () => `${this.#expression(2)} AS ${random.pick(columns)}`
    const replace = `REPLACE(${random.list(1, 2, replaced).join(', ')})`
    const modifiers = random.pick(['', except, replace, `${except} ${replace}`])
    return `${star} ${modifiers}`
  }

  #source(): string {
    return this.#random.pick([
      'demo',
      'demo AS d',
      'topic/sensor1/#',
      '/a/+/b-1/2x AS t1',
      '#',
      '`my stream`',
    ])
  }

  #join(): string {
    if (this.#random.chance(0.2)) return ` CROSS JOIN ${this.#source()}`
    const type = this.#random.pick(['INNER', 'left', 'RIGHT', 'FULL'])
    return ` ${type} JOIN ${this.#source()} ON ${this.#expression(3)}`
  }

  #window(): string {
    return this.#random.choose([
      () => 'TUMBLINGWINDOW(ss, 10)',
      () => `COUNTWINDOW(3,1) FILTER(WHERE ${this.#expression(3)})`,
      () => `SLIDINGWINDOW(ss, 1) FILTER(where a > 1) OVER(WHEN ${this.#expression(3)})`,
      () =>
        `STATEWINDOW(${this.#expression(2)}, b OR c AND d) OVER (PARTITION BY ${this.#value(1)})`,
    ])
  }

  #sortKeys(): string {
    const key = () => `${this.#expression(2)}${this.#random.pick(['', ' DESC', ' asc'])}`
    return this.#random.list(1, 3, key).join(', ')
  }

  #expression(depth: number): string {
    return this.#random.chance(0.5) ? this.#value(depth) : this.#condition(depth)
  }

  #value(depth: number): string {
    const random = this.#random
    if (depth <= 0) return this.#leaf()
    const value = () => this.#value(depth - 1)
    return random.choose([
      () => `${value()} ${random.pick(signs)} ${value()}`,
      () => `${value()} ${random.pick(signs)} ${value()}`,
      () => `(${this.#expression(depth - 1)})`,
      () => this.#call(depth),
      () => this.#path(depth),
      () => this.#case(depth),
      () => `- ${value()}`,
      () => `CAST(${this.#expression(depth - 1)} AS ${random.pick(['bigint', 'STRING'])})`,
    ])
  }

  #leaf(): string {
    const random = this.#random
    return random.choose([
      () => random.pick(columns),
      () => random.pick(columns),
      () => String(random.below(1000)),
      () => random.pick(['9007199254740993', '1.5', '.25', '1e3', '2.5E-1', '0.0', '0']),
      () => random.pick(['"it\'s"', '\'x "y"\'', "'it''s'", '"\\u4e2d\\n"', '""']),
      () => random.pick(['TRUE', 'false']),
    ])
  }

  #call(depth: number): string {
    const random = this.#random
    const argument = () => (random.chance(0.1) ? this.#star() : this.#expression(depth - 1))
    const args = random.list(0, 3, argument).join(', ')
    const distinct = args !== '' && random.chance(0.1) ? 'DISTINCT ' : ''
    const isCast = 'cast'
    const name = random.pick(functions.filter((known) => known !== isCast || !args.includes('*')))
    const filter = random.chance(0.1) ? ` FILTER(WHERE ${this.#condition(depth - 1)})` : ''
    const over = random.chance(0.15) ? ` OVER (${this.#over(depth - 1)})` : ''
    return `${name}(${distinct}${args})${filter}${over}`
  }

  #over(depth: number): string {
    const random = this.#random
    const partition = random.list(1, 2, () => this.#expression(depth)).join(', ')
    return [
      random.chance(0.5) ? `PARTITION BY ${partition}` : '',
      random.chance(0.5) ? `WHEN ${this.#condition(depth)}` : '',
      random.chance(0.2) ? `ORDER BY ${this.#sortKeys()}` : '',
    ].join(' ')
  }

  #path(depth: number): string {
    const random = this.#random
    const inner = () => this.#expression(depth - 2)
    const end = () => (random.chance(0.5) ? inner() : '')
    const step = () =>
      random.choose([
        () => `->${random.pick(fields)}`,
        () => `.${random.pick(fields.filter((name) => name !== '`*`'))}`,
        () => `[${inner()}]`,
        () => `[${end()}:${end()}]`,
      ])
    const base = random.choose([
      () => random.pick(columns),
      () => this.#call(depth - 1),
      () => `(${this.#expression(depth - 1)})`,
    ])
    const path = `${base}${random.list(1, 3, step).join('')}`
    return path.replaceAll('->`*`', '->`-`')
  }

  #case(depth: number): string {
    const random = this.#random
    const part = () => this.#expression(depth - 1)
    const value = random.chance(0.4) ? ` ${part()}` : ''
    const whens = random.list(1, 2, () => ` WHEN ${part()} THEN ${part()}`).join('')
    const otherwise = random.chance(0.5) ? ` ELSE ${part()}` : ''
    return `CASE${value}${whens}${otherwise} END`
  }

  #condition(depth: number): string {
    const random = this.#random
    if (depth <= 0) return `${this.#leaf()} ${random.pick(comparisons)} ${this.#leaf()}`
    const value = () => this.#value(depth - 1)
    const condition = () => this.#condition(depth - 1)
    const not = random.pick(['', 'NOT '])
    return random.choose([
      () => `${value()} ${random.pick(comparisons)} ${value()}`,
      () => `${condition()} ${random.pick(['AND', 'or'])} ${condition()}`,
      () => `${condition()} ${random.pick(['and', 'OR'])} ${condition()}`,
      () => `NOT ${condition()}`,
      () => `${value()} ${not}BETWEEN ${value()} AND ${value()}`,
      () =>
        `${value()} ${not}IN (${random.list(1, 3, () => this.#expression(depth - 2)).join(',')})`,
      () => `${value()} ${not}IN ${this.#path(depth - 1).replace(/^\(/, 'f(')}`,
      () => `${value()} ${not}LIKE ${value()}`,
      () => `${value()} IS ${not}NULL`,
      () => `${this.#predicate(depth)} ${random.pick(['=', '+', '*', '>'])} ${value()}`,
    ])
  }

  /** A predicate that stands as an operand without parentheses. */
  #predicate(depth: number): string {
    const value = () => this.#value(depth - 1)
    return this.#random.choose([
      () => `${value()} IN (1, b)`,
      () => `${value()} IS NULL`,
      () => `${value()} BETWEEN 1 AND 2`,
      () => `a = b LIKE ${value()}`,
    ])
  }
}

function tokensOf(text: string): { start: number; end: number }[] {
  try {
    return [...new Script(text).tokens]
  } catch {
    return [{ start: text.length >> 1, end: text.length >> 1 }]
  }
}
