export const packErrorCodes = [
  'no-manifest',
  'bad-manifest',
  'bad-types',
  'cannot-bundle',
  'needs-power',
] as const

export type PackErrorCode = (typeof packErrorCodes)[number]

/** Why a project cannot be packed. Nothing was written. */
export class PackError extends Error {
  override readonly name = 'PackError'
  readonly code: PackErrorCode

  constructor(code: PackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
