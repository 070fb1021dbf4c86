/** What can be wrong with the parts of a rule that are no SQL. A code never changes its meaning: clients switch on it. */
export const ruleErrorCodes = [
  'unknown-option',
  'bad-option',
  'missing-actions',
  'unknown-action',
  'unknown-property',
  'bad-property',
  'not-supported',
] as const

export type RuleErrorCode = (typeof ruleErrorCodes)[number]

/** A rule whose options or actions cannot be. What is wrong with its statement is a `SqlError`. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly code: RuleErrorCode
  /** The way out; also at the end of the message. */
  readonly hint: string | undefined

  constructor(code: RuleErrorCode, what: string, hint?: string | undefined) {
    super(hint === undefined ? what : `${what}; ${hint}`)
    this.code = code
    this.hint = hint
  }
}
