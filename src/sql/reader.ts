import type { Position } from './ast.ts'
import type { SqlError } from './errors.ts'
import type { Script } from './script.ts'
import type { Token } from './tokens.ts'

/** Walks the tokens of one definition. */
export class Reader {
  readonly script: Script
  #index: number

  constructor(script: Script, from: number) {
    this.script = script
    this.#index = from
  }

  get token(): Token {
    return this.script.token(this.#index)
  }

  get at(): Position {
    return this.script.at(this.#index)
  }

  get atEnd(): boolean {
    return this.script.isEnd(this.#index)
  }

  get found(): string {
    return this.script.found(this.#index)
  }

  skip(): void {
    this.#index++
  }

  isOperator(sign: string): boolean {
    return this.script.isOperator(this.#index, sign)
  }

  takeOperator(sign: string): boolean {
    const found = this.isOperator(sign)
    if (found) this.#index++
    return found
  }

  expectOperator(sign: string): void {
    if (!this.takeOperator(sign)) throw this.unexpected(`"${sign}"`)
  }

  takeWord(word: string): boolean {
    const found = this.script.isWord(this.#index, word)
    if (found) this.#index++
    return found
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw this.unexpected(word)
  }

  /** A name, where keywords are names too. */
  expectName(what: string): string {
    if (this.token.kind !== 'name' && this.token.kind !== 'keyword') throw this.unexpected(what)
    const name = this.script.nameAt(this.#index)
    this.#index++
    return name
  }

  unexpected(expected: string): SqlError {
    return this.script.unexpected(this.#index, expected)
  }
}
