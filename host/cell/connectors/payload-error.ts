/**
 * What a sink that sends payloads one by one throws when one of them fails: those before it in the chunk are through,
 * and only this one is refused, or comes again with those behind it.
 */
export class PayloadError extends Error {
  override readonly name = 'PayloadError'
  /** Its place in the chunk, from 0. */
  readonly index: number
  /** As that of the cause: `retryable` and `not-connected` bring it again. */
  readonly code: string

  constructor(index: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.index = index
    this.code = isCoded(cause) ? cause.code : 'refused'
  }
}

function isCoded(error: unknown): error is { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
