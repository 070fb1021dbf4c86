export const installErrorCodes = [
  'bad-request',
  'bad-url',
  'download-failed',
  'too-large',
  'not-a-zip',
  'bad-archive',
  'no-manifest',
  'bad-manifest',
  'newer-host-needed',
  'not-in-package',
  'bad-plugin',
  'duplicate',
  'unknown-plugin',
  'in-use',
  'not-trusted',
  'bad-signature',
  'not-signed',
  'cancelled',
  'too-many-jobs',
] as const

export type InstallErrorCode = (typeof installErrorCodes)[number]

/** Why a plugin was not installed, found or removed. Nothing was changed. */
export class InstallError extends Error {
  override readonly name = 'InstallError'
  readonly code: InstallErrorCode

  constructor(code: InstallErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
