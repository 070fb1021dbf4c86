import type { SqlError } from './errors.ts'
import { expectedAfter, type Frame, type FrameKind, type Stage } from './frames.ts'
import { Output } from './output.ts'
import { deepestNesting, type Script } from './script.ts'

/**
 * The state of a SELECT on its way to the text that the library parses. Every operand and every sign the
 * library does not know becomes a parameter, `:k` and the index of its token, joined by `<<`; so no keyword,
 * string or number of ours reaches the library, and each leaf of its tree tells the place in the original
 * text. Parameters are the operands its grammar reads fastest.
 */
export class Lowering {
  readonly script: Script
  /** The token that ends the statement. */
  readonly to: number
  readonly out = new Output()
  /** The token that is being read. */
  index: number
  wantsOperand = true
  /** A star, with or without modifiers, is the whole element so far. */
  starred = false
  /** The closing parentheses of the last call and of the last FILTER. */
  callEnd = -1
  filterEnd = -1
  #signs = 0
  readonly #frames: Frame[] = []

  constructor(script: Script, from: number, to: number) {
    this.script = script
    this.index = from
    this.to = to
    this.#frames.push({ kind: 'clauses', stage: 'select', slot: -1, wrap: false, start: from })
  }

  get top(): Frame {
    const top = this.#frames.at(-1)
    if (top === undefined) throw new RangeError('no open frame')
    return top
  }

  open(kind: FrameKind, stage: Stage = 'none'): void {
    if (this.#frames.length > deepestNesting) throw this.script.tooDeep(this.index)
    this.#frames.push({ kind, stage, slot: -1, wrap: false, start: this.index })
  }

  /** Ends the open element and its frame. What was closed is an operand. */
  close(): void {
    this.finish()
    this.#frames.pop()
    this.wantsOperand = false
    this.starred = false
  }

  /** Starts an element of the open frame: an expression is wanted. */
  begin(stage: Stage = this.top.stage): void {
    const frame = this.top
    frame.stage = stage
    frame.slot = this.out.reserve(this.index)
    frame.wrap = false
    frame.start = this.index
    this.wantsOperand = true
    this.starred = false
  }

  /** Ends the open element. A bare AND, OR or comparison in a list confuses the library. */
  finish(): void {
    const frame = this.top
    if (frame.slot !== -1 && frame.wrap) {
      this.out.fill(frame.slot, '(')
      this.out.add(')', this.index)
    }
    frame.slot = -1
  }

  emit(piece: string): void {
    this.out.add(piece, this.index)
  }

  /** Emits a token as an operand and moves behind it. */
  take(letter: 'k' | 'd' | 't' = 'k'): void {
    this.emit(`:${letter}${this.index}`)
    this.index++
  }

  /** Emits a token as the name of a function, a source or an alias and moves behind it. */
  takeName(): void {
    this.emit(`k${this.index}`)
    this.index++
  }

  operand(): void {
    this.take()
    this.wantsOperand = false
    this.#signs = 0
  }

  /** A minus or NOT before an operand. */
  sign(): void {
    this.#signs++
    if (this.#signs > deepestNesting) throw this.script.tooDeep(this.index)
    this.take()
    this.emit('<<')
  }

  /** An infix operator that the library knows. */
  infix(piece: string, wrap: boolean): void {
    if (wrap) this.top.wrap = true
    this.emit(piece)
    this.index++
    this.wantsOperand = true
  }

  atEnd(): boolean {
    return this.index >= this.to
  }

  unexpected(expected: string = expectedAfter(this.top)): SqlError {
    return this.script.unexpected(this.index, expected)
  }

  /** Moves behind a keyword that must stand here, without emitting it. */
  expectKeyword(word: string): void {
    if (!this.script.isKeyword(this.index, word)) throw this.unexpected(word)
    this.index++
  }

  expectName(what: string): void {
    if (this.script.token(this.index).kind !== 'name') throw this.unexpected(what)
  }
}
