import type { Position } from './ast.ts'

/** What can be wrong with a statement. A code never changes its meaning: clients switch on it. */
export const sqlErrorCodes = [
  'unexpected-token',
  'unexpected-end',
  'unterminated',
  'bad-escape',
  'bad-number',
  'too-deep',
  'too-long',
  'unknown-stream',
  'unknown-column',
  'ambiguous-column',
  'unknown-function',
  'wrong-arguments',
  'unknown-option',
  'bad-option',
  'duplicate-name',
  'cyclic-alias',
  'misplaced-aggregate',
  'misplaced-window',
  'bad-window',
  'bad-join',
  'bad-limit',
  'not-supported',
  'wrong-type',
] as const

export type SqlErrorCode = (typeof sqlErrorCodes)[number]

export interface SqlErrorOptions {
  /** The way out, after the place: `expected an expression`, `did you mean "temperature"?`. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * A statement that cannot run. The message says who, what, where and the way out, in lower case,
 * without a full stop: `unexpected ")" (line 1, column 12); expected an expression`.
 */
export class SqlError extends Error {
  override readonly name = 'SqlError'
  readonly code: SqlErrorCode
  readonly position: Position
  readonly hint: string | undefined

  constructor(code: SqlErrorCode, what: string, position: Position, options: SqlErrorOptions = {}) {
    const where = `${what} (line ${position.line}, column ${position.column})`
    super(options.hint === undefined ? where : `${where}; ${options.hint}`, {
      cause: options.cause,
    })
    this.code = code
    this.position = position
    this.hint = options.hint
  }
}

/** `did you mean "x"?`, or the fallback when nothing is near. */
export function didYouMean(near: string | undefined, otherwise?: string): string | undefined {
  return near === undefined ? otherwise : `did you mean "${near}"?`
}
