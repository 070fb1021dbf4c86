import type { Position } from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import type { Script } from '#src/sql/script.ts'
import type { Token } from '#src/sql/tokens.ts'

/** The tokens under the reference parser. */
export class ReferenceReader {
  readonly script: Script
  next = 0
  depth = 0

  constructor(script: Script) {
    this.script = script
  }

  token(ahead = 0): Token {
    return this.script.token(this.next + ahead)
  }

  at(): Position {
    const { start } = this.token()
    const before = this.script.text.slice(0, start).split('\n')
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, offset: start }
  }

  fail(): never {
    throw new SqlError('unexpected-token', 'refused', this.at())
  }

  sees(...signs: string[]): boolean {
    return this.seesAt(0, ...signs)
  }

  seesAt(ahead: number, ...signs: string[]): boolean {
    const { kind, text } = this.token(ahead)
    return (kind === 'keyword' || kind === 'operator') && signs.includes(text)
  }

  take(sign: string): boolean {
    const found = this.sees(sign)
    if (found) this.next++
    return found
  }

  takeBy(word: string): boolean {
    if (!this.take(word)) return false
    this.expect('BY')
    return true
  }

  expect(sign: string): void {
    if (!this.take(sign)) this.fail()
  }

  seesWord(word: string, ahead = 0): boolean {
    const { kind, text, quoted } = this.token(ahead)
    return kind === 'name' && !quoted && text.toLowerCase() === word
  }

  name(): string {
    const { kind, text } = this.token()
    if (kind !== 'name') this.fail()
    this.next++
    return text
  }

  list<T>(element: () => T): T[] {
    const list = [element()]
    while (this.take(',')) list.push(element())
    return list
  }

  parenthesized<T>(content: () => T): T {
    this.expect('(')
    const value = this.nested(content)
    this.expect(')')
    return value
  }

  nested<T>(content: () => T): T {
    this.depth++
    if (this.depth > 100) throw new SqlError('too-deep', 'refused', this.at())
    const value = content()
    this.depth--
    return value
  }
}
