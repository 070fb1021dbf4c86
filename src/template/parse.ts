import { functionNames } from './functions.ts'
import {
  type Command,
  type Operand,
  type Part,
  type Pipeline,
  type Template,
  TemplateError,
} from './template.ts'
import { type Action, type Piece, pieces, type Token } from './tokens.ts'

const deepest = 50

/** Reads Go's text/template. @throws TemplateError that names the line */
export function parseTemplate(text: string): Template {
  const parser = new Parser(pieces(text))
  const template = parser.block(0)
  parser.expectEnd()
  return template
}

const controls = ['if', 'with', 'range'] as const

class Parser {
  readonly #pieces: readonly Piece[]
  #at = 0

  constructor(all: readonly Piece[]) {
    this.#pieces = all
  }

  /** Up to `{{end}}` or `{{else}}`, which are left. */
  block(depth: number): Template {
    if (depth > deepest) throw new TemplateError(`more than ${deepest} actions inside each other`)
    const parts: Part[] = []
    for (;;) {
      const piece = this.#pieces[this.#at]
      if (piece === undefined) return parts
      if (typeof piece === 'string') {
        if (piece !== '') parts.push({ part: 'text', text: piece })
      } else {
        const word = keyword(piece)
        if (word === 'end' || word === 'else') return parts
        parts.push(this.#action(piece, word, depth))
        continue
      }
      this.#at++
    }
  }

  expectEnd(): void {
    const piece = this.#pieces[this.#at]
    if (piece === undefined || typeof piece === 'string') return
    throw new TemplateError(`line ${piece.line}: {{${keyword(piece)}}} without {{if}}`)
  }

  #action(action: Action, word: string | undefined, depth: number): Part {
    this.#at++
    const control = controls.find((known) => known === word)
    if (control !== undefined) return this.#control(action, control, 1, depth)
    if (word === 'break' || word === 'continue') return { part: word }
    const reader = new ActionReader(action)
    const pipeline = reader.pipeline()
    reader.expectEnd()
    return { part: 'value', pipeline }
  }

  /** @param skipped words before the pipeline: `if`, or `else if` */
  #control(action: Action, part: (typeof controls)[number], skipped: number, depth: number): Part {
    const reader = new ActionReader({ ...action, tokens: action.tokens.slice(skipped) })
    const names = part === 'range' ? reader.rangeNames() : {}
    const pipeline = reader.pipeline()
    reader.expectEnd()
    const then = this.block(depth + 1)
    const otherwise = this.#otherwise(action, part, depth)
    return part === 'range'
      ? { part, ...names, pipeline, then, otherwise }
      : { part, pipeline, then, otherwise }
  }

  #otherwise(action: Action, part: (typeof controls)[number], depth: number): Template {
    const piece = this.#pieces[this.#at++]
    if (piece === undefined || typeof piece === 'string') {
      throw new TemplateError(`line ${action.line}: {{${part}}} without {{end}}`)
    }
    if (keyword(piece) === 'end') return []
    const next = piece.tokens[1]?.text
    if (next === 'if' || next === 'with') return [this.#control(piece, next, 2, depth + 1)]
    const otherwise = this.block(depth + 1)
    const end = this.#pieces[this.#at++]
    if (end === undefined || typeof end === 'string' || keyword(end) !== 'end') {
      throw new TemplateError(`line ${piece.line}: {{else}} without {{end}}`)
    }
    return otherwise
  }
}

function keyword({ tokens: [first] }: Action): string | undefined {
  return first?.kind === 'word' ? first.text : undefined
}

/** Reads what stands in one pair of braces. */
class ActionReader {
  readonly #action: Action
  #at = 0
  #depth = 0

  constructor(action: Action) {
    this.#action = action
  }

  /** `$v :=` and `$i, $v :=` of a range. */
  rangeNames(): { key?: string; value?: string } {
    const [first, second, third, fourth] = this.#action.tokens
    if (first?.kind !== 'variable') return {}
    if (second?.text === ':=') {
      this.#at = 2
      return { value: nameOf(first) }
    }
    if (second?.text !== ',' || third?.kind !== 'variable' || fourth?.text !== ':=') return {}
    this.#at = 4
    return { key: nameOf(first), value: nameOf(third) }
  }

  pipeline(): Pipeline {
    const set = this.#assignment()
    const commands = [this.#command()]
    while (this.#peek()?.text === '|') {
      this.#at++
      commands.push(this.#command())
    }
    return { set, commands }
  }

  expectEnd(): void {
    const token = this.#peek()
    if (token !== undefined) throw this.#wrong(`unexpected "${token.text}"`)
  }

  #assignment(): Pipeline['set'] {
    const [variable, sign] = this.#action.tokens.slice(this.#at)
    if (variable?.kind !== 'variable' || sign?.kind !== 'sign') return undefined
    if (sign.text !== ':=' && sign.text !== '=') return undefined
    this.#at += 2
    return { name: nameOf(variable), declares: sign.text === ':=' }
  }

  #command(): Command {
    const token = this.#peek()
    if (token?.kind === 'word' && !isConstant(token.text)) {
      this.#at++
      const call = this.#function(token)
      const args: Operand[] = []
      while (this.#startsOperand()) args.push(this.#operand())
      return { call, args }
    }
    const operand = this.#operand()
    if (this.#startsOperand()) throw this.#wrong('only functions take arguments')
    return { operand }
  }

  #startsOperand(): boolean {
    const token = this.#peek()
    return (
      token !== undefined && (token.kind !== 'sign' || token.text === '.' || token.text === '(')
    )
  }

  #operand(): Operand {
    const token = this.#peek()
    if (token === undefined) throw this.#wrong('a value is missing')
    this.#at++
    switch (token.kind) {
      case 'string':
        return { type: 'literal', value: this.#string(token.text) }
      case 'number':
        return { type: 'literal', value: Number(token.text) }
      case 'word':
        if (isConstant(token.text)) return { type: 'literal', value: constants[token.text] ?? null }
        return { type: 'call', call: this.#function(token) }
      case 'field':
        return { type: 'path', path: fieldsOf(token) }
      case 'variable':
        return { type: 'path', name: nameOf(token), path: this.#fields() }
      case 'sign':
        return this.#sign(token)
      default:
        return token.kind satisfies never
    }
  }

  #sign({ text }: Token): Operand {
    if (text === '.') return { type: 'path', path: [] }
    if (text !== '(') throw this.#wrong(`unexpected "${text}"`)
    if (++this.#depth > deepest) throw this.#wrong('too many parentheses')
    const pipeline = this.pipeline()
    if (this.#peek()?.text !== ')') throw this.#wrong('( without )')
    this.#at++
    this.#depth--
    return { type: 'pipeline', pipeline, path: this.#fields() }
  }

  /** `.a.b` right behind. */
  #fields(): readonly string[] {
    const token = this.#peek()
    if (token?.kind !== 'field' || !token.glued) return []
    this.#at++
    return fieldsOf(token)
  }

  #function({ text }: Token): string {
    if (functionNames.has(text)) return text
    throw this.#wrong(`function "${text}" not defined`)
  }

  #string(text: string): string {
    if (text.startsWith('`')) return text.slice(1, -1)
    try {
      return String(JSON.parse(text))
    } catch {
      throw this.#wrong(`${text} is no string`)
    }
  }

  #peek(): Token | undefined {
    return this.#action.tokens[this.#at]
  }

  #wrong(what: string): TemplateError {
    return new TemplateError(`line ${this.#action.line}: ${what}`)
  }
}

const constants: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null }

function isConstant(word: string): boolean {
  return Object.hasOwn(constants, word)
}

function nameOf({ text }: Token): string {
  return text.slice(1)
}

function fieldsOf({ text }: Token): readonly string[] {
  return text.slice(1).split('.')
}
