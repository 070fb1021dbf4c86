import type { Position } from './ast.ts'
import { SqlError } from './errors.ts'
import { keywords } from './keywords.ts'
import { positionAt } from './position.ts'
import { readString } from './strings.ts'

export type TokenKind = 'name' | 'keyword' | 'integer' | 'decimal' | 'string' | 'operator' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Keywords in upper case, operators without white space, strings and quoted names without quotes, else as written. */
  readonly text: string
  readonly at: Position
  /** Offsets in UTF-16 code units, the end excluded. */
  readonly start: number
  readonly end: number
  /** A name in back-ticks or a topic. */
  readonly quoted: boolean
}

/** The longest text, in UTF-16 code units. */
export const longestText = 1024 * 1024
/** The most tokens in one statement: the grammar of SELECT works through them in a tenth of a second. */
export const mostTokens = 6000

const blank = /(?:[\s\uFEFF]+|--[^\n]*)+/y
const word = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy
const number = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const afterNumber = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy
const operator = /->|<\s*>|[<>!]\s*=|[=+\-*/%&|^<>(),.[\]:;]/y
/** An MQTT topic: what stands after FROM or JOIN up to white space or punctuation, if it has a level or a wildcard. */
const topic = /(?:(?!--|\/\*)[^\s,;()"'`])+/y

/** Splits a text into tokens. The last one is of the kind `end` and stands right behind the last word. */
export function tokenize(text: string): Token[] {
  return new Tokenizer(text).tokens()
}

class Tokenizer {
  readonly #text: string
  readonly #tokens: Token[] = []
  #offset = 0
  #statementStart = 0
  #line = 1
  #lineStart = 0
  #nextLineBreak: number

  constructor(text: string) {
    this.#text = text
    this.#nextLineBreak = text.indexOf('\n')
  }

  tokens(): Token[] {
    if (this.#text.length > longestText) {
      throw this.#error('too-long', 'the text is longer than 1 MB', longestText)
    }
    for (;;) {
      this.#skipBlank()
      if (this.#offset >= this.#text.length) break
      const token = this.#next()
      this.#tokens.push(token)
      this.#offset = token.end
      if (token.kind === 'operator' && token.text === ';') {
        if (this.#statementStart === this.#tokens.length - 1) {
          throw this.#error('unexpected-token', 'unexpected ";"', token.start)
        }
        this.#statementStart = this.#tokens.length
      } else if (this.#tokens.length - this.#statementStart > mostTokens) {
        throw this.#error(
          'too-long',
          `the statement has more than ${mostTokens} words and signs`,
          token.start,
        )
      }
    }
    const end = this.#tokens.at(-1)?.end ?? 0
    this.#tokens.push(this.#end(end))
    return this.#tokens
  }

  #skipBlank(): void {
    for (;;) {
      this.#match(blank)
      if (!this.#text.startsWith('/*', this.#offset)) return
      const end = this.#text.indexOf('*/', this.#offset + 2)
      if (end === -1) {
        throw this.#error('unterminated', 'unterminated comment', this.#offset, 'close it with */')
      }
      this.#offset = end + 2
    }
  }

  /** Moves past a match of a sticky expression, if there is one. */
  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#offset
    const found = expression.exec(this.#text)?.[0]
    if (found !== undefined) this.#offset += found.length
    return found
  }

  #next(): Token {
    const start = this.#offset
    if (this.#afterSourceWord()) {
      const found = this.#match(topic)
      if (found !== undefined && (found.includes('/') || found === '#' || found === '+')) {
        return this.#token('name', found, start, true)
      }
      this.#offset = start
    }
    const first = this.#text[start] ?? ''
    if (first === '`') return this.#quotedName(start)
    if (first === '"' || first === "'") {
      const { value, end } = readString(this.#text, start)
      this.#offset = end
      return this.#token('string', value, start, false)
    }
    const name = this.#match(word)
    if (name !== undefined) {
      const upper = name.toUpperCase()
      return keywords.has(upper)
        ? this.#token('keyword', upper, start, false)
        : this.#token('name', name, start, false)
    }
    if (isDigit(first) || (first === '.' && isDigit(this.#text[start + 1] ?? ''))) {
      return this.#number(start)
    }
    const sign = this.#match(operator)
    if (sign === undefined) {
      const character = String.fromCodePoint(this.#text.codePointAt(start) ?? 0)
      throw this.#error('unexpected-token', `unexpected ${JSON.stringify(character)}`, start)
    }
    const joined = sign.replace(/\s+/g, '')
    return this.#token('operator', joined === '<>' ? '!=' : joined, start, false)
  }

  #token(kind: TokenKind, text: string, start: number, quoted: boolean): Token {
    return { kind, text, at: this.#at(start), start, end: this.#offset, quoted }
  }

  /** Right behind the last token, which may be lines before the end of the text. */
  #end(offset: number): Token {
    const at = positionAt(this.#text, offset)
    return { kind: 'end', text: '', at, start: offset, end: offset, quoted: false }
  }

  /** Tokens come in order, so the lines are counted along. */
  #at(offset: number): Position {
    while (this.#nextLineBreak !== -1 && this.#nextLineBreak < offset) {
      this.#line++
      this.#lineStart = this.#nextLineBreak + 1
      this.#nextLineBreak = this.#text.indexOf('\n', this.#lineStart)
    }
    return { line: this.#line, column: offset - this.#lineStart + 1, offset }
  }

  #afterSourceWord(): boolean {
    const last = this.#tokens.at(-1)
    if (last?.kind !== 'keyword' || (last.text !== 'FROM' && last.text !== 'JOIN')) return false
    return !isPathSign(this.#tokens.at(-2))
  }

  #quotedName(start: number): Token {
    const end = this.#text.indexOf('`', start + 1)
    if (end === -1) {
      throw this.#error('unterminated', 'unterminated name', start, 'close it with `')
    }
    if (end === start + 1) throw this.#error('unexpected-token', 'empty name', start)
    this.#offset = end + 1
    return this.#token('name', this.#text.slice(start + 1, end), start, true)
  }

  #number(start: number): Token {
    const found = this.#match(number) ?? ''
    const rest = this.#match(afterNumber)
    if (rest !== undefined) {
      const written = JSON.stringify(shorten(found + rest))
      throw this.#error('bad-number', `${written} is not a number`, start)
    }
    if (/^\d+$/.test(found)) {
      if (found.length > 40) throw this.#error('bad-number', 'the number is too long', start)
      return this.#token('integer', found, start, false)
    }
    if (!Number.isFinite(Number(found))) {
      throw this.#error('bad-number', `${JSON.stringify(shorten(found))} is too large`, start)
    }
    return this.#token('decimal', found, start, false)
  }

  #error(
    code: 'too-long' | 'unterminated' | 'unexpected-token' | 'bad-number',
    what: string,
    offset: number,
    hint?: string,
  ): SqlError {
    return new SqlError(code, what, positionAt(this.#text, offset), { hint })
  }
}

/** A text cut for a message. */
export function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`
}

export function isPathSign(token: Token | undefined): boolean {
  return token?.kind === 'operator' && (token.text === '.' || token.text === '->')
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1
}
