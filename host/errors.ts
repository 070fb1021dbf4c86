/** What can go wrong above the cell. A code never changes its meaning: clients switch on it. */
export const hostErrorCodes = [
  'bad-config',
  'bad-conf-key',
  'unknown-conf-key',
  'unknown-secret',
  'folder-in-use',
  'folder-not-writable',
  'folder-full',
  'folder-newer',
  'catalog-broken',
  'already-exists',
  'not-found',
  'in-use',
  'bad-name',
  'bad-json',
  'bad-body',
  'bad-statement',
  'bad-rule',
  'bad-option',
  'stale-version',
  'unknown-action',
  'unknown-source',
  'not-supported',
  'not-allowed',
  'stale-epoch',
  'address-in-use',
  'unreachable',
  'stopping',
] as const

export type HostErrorCode = (typeof hostErrorCodes)[number]

/** Told apart by `code`. The message says who, what, where and the way out. */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly code: HostErrorCode

  constructor(code: HostErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The text of whatever was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code of whatever was thrown: ours, Node's, SQLite's. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
