import type { Position } from './ast.ts'
import { SqlError } from './errors.ts'
import { functionKeywords } from './keywords.ts'
import { shorten, type Token, tokenize } from './tokens.ts'

/** Brackets, CASE and signs before signs may nest so deep. */
export const deepestNesting = 100

/** A text with its tokens; knows where each stands and how to say what is wrong there. */
export class Script {
  readonly text: string
  readonly tokens: readonly Token[]

  constructor(text: string) {
    this.text = text
    this.tokens = tokenize(text)
  }

  /** The token, or the end behind the last one. */
  token(index: number): Token {
    const token = this.tokens[Math.min(index, this.tokens.length - 1)]
    if (token === undefined) throw new RangeError(`no token ${index}`)
    return token
  }

  isKeyword(index: number, word: string): boolean {
    const token = this.token(index)
    return token.kind === 'keyword' && token.text === word
  }

  isOperator(index: number, sign: string): boolean {
    const token = this.token(index)
    return token.kind === 'operator' && token.text === sign
  }

  /** An unquoted word, keyword or not, whatever its case. */
  isWord(index: number, word: string): boolean {
    const token = this.token(index)
    if (token.quoted || (token.kind !== 'name' && token.kind !== 'keyword')) return false
    return token.text.toUpperCase() === word
  }

  /** The end of the statement: a semicolon or the end of the text. */
  isEnd(index: number): boolean {
    return this.token(index).kind === 'end' || this.isOperator(index, ';')
  }

  /** A name, or LEFT, RIGHT and REPLACE, with a parenthesis behind it. */
  isCall(index: number): boolean {
    const token = this.token(index)
    const callable =
      token.kind === 'name' || (token.kind === 'keyword' && functionKeywords.has(token.text))
    return callable && this.isOperator(index + 1, '(')
  }

  /** A name or a keyword as it was written, without back-ticks. */
  nameAt(index: number): string {
    const token = this.token(index)
    return token.kind === 'keyword' ? this.text.slice(token.start, token.end) : token.text
  }

  at(index: number): Position {
    return this.token(index).at
  }

  /** What stands there, for a message. */
  found(index: number): string {
    if (this.isEnd(index)) return 'end of statement'
    const token = this.token(index)
    const written = this.text.slice(token.start, token.end)
    if (token.kind === 'string') return `string ${shorten(written)}`
    return token.quoted && written.startsWith('`') ? shorten(written) : `"${shorten(written)}"`
  }

  unexpected(index: number, expected?: string): SqlError {
    const code = this.isEnd(index) ? 'unexpected-end' : 'unexpected-token'
    return new SqlError(code, `unexpected ${this.found(index)}`, this.at(index), {
      hint: expected === undefined ? undefined : `expected ${expected}`,
    })
  }

  /** A semicolon where no statement ends. */
  unexpectedSemicolon(index: number): SqlError {
    return new SqlError('unexpected-token', 'unexpected ";"', this.at(index))
  }

  tooDeep(index: number): SqlError {
    return new SqlError('too-deep', 'the expression nests too deep', this.at(index), {
      hint: `at most ${deepestNesting} levels`,
    })
  }
}
