export const authoringErrorCodes = ['bad-name', 'exists', 'bad-key', 'bad-archive'] as const

export type AuthoringErrorCode = (typeof authoringErrorCodes)[number]

/** Why something for a plugin's author cannot be done. */
export class AuthoringError extends Error {
  override readonly name = 'AuthoringError'
  readonly code: AuthoringErrorCode

  constructor(code: AuthoringErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
