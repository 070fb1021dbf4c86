export const facadeErrorCodes = [
  'ERR_PLUGIN_DENIED',
  'ERR_PLUGIN_LIMIT',
  'EINVAL',
  'ECONNABORTED',
  'ETIMEDOUT',
] as const

export type FacadeErrorCode = (typeof facadeErrorCodes)[number]

/** What a plugin is told by code and text. Errors of the system keep their own codes. */
export class FacadeError extends Error {
  override readonly name = 'FacadeError'
  readonly code: FacadeErrorCode

  constructor(code: FacadeErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
