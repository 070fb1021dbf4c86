export const objectSourceErrorCodes = [
  /** A property that is missing or wrong: refuses the rule. */
  'configuration',
  /** Back-off timers and tasks used in an order that has no sense. */
  'state',
  /** `next` where there is nothing. */
  'no-element',
  /** One record that cannot be decoded; those behind it can. */
  'broken-record',
  /** The rest of an object cannot be decoded. */
  'broken-object',
  /** Thrown by a store: this object cannot be had; go on with the next one. */
  'skip-object',
  /** Ends the task, whatever the tolerance is. */
  'stop',
  /** Reading has ended by an error: it is in `cause`. */
  'reading-failed',
] as const

export type ObjectSourceErrorCode = (typeof objectSourceErrorCodes)[number]

/** Told apart by `code`, never by class: every plugin is bundled with its own copy of this module. */
export class ObjectSourceError extends Error {
  override readonly name = 'ObjectSourceError'
  readonly code: ObjectSourceErrorCode

  constructor(code: ObjectSourceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

/** What the SDK's own `Retryable` and `NotConnected` say. */
export function saysRetry(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'retryable' || code === 'not-connected'
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** A plain error, since a compartment has no `DOMException` of its own making. */
export function abortError(): Error {
  return Object.assign(new Error('the operation was aborted'), { name: 'AbortError' })
}
