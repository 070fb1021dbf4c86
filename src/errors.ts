/** What can be wrong when a plan is built or a flow goes on. A code never changes its meaning. */
export const engineErrorCodes = ['not-supported', 'bad-plan', 'bad-state', 'bad-feed'] as const

export type EngineErrorCode = (typeof engineErrorCodes)[number]

/** A flow that cannot be built or cannot go on. What is wrong with a single row is never one of these. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
