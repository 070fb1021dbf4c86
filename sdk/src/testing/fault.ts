import type { Fault } from './bench.ts'

/** What an extension did wrong in a test: `code` is what the host would see of it, `stack` names the author's lines. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError'
  readonly code: string

  constructor({ code, message, stack }: Fault) {
    super(message)
    this.code = code
    if (stack !== undefined) this.stack = stack
  }
}

/** Reads what a plugin threw, as the host does. */
export function faultOf(error: unknown): Fault {
  if (typeof error === 'string') return { code: 'failed', message: error }
  if (typeof error !== 'object' || error === null)
    return {
      code: 'failed',
      message: `${error === null ? 'null' : typeof error} was thrown, not an error`,
    }
  const { code, message, stack } = error as Record<string, unknown>
  return {
    code: typeof code === 'string' || typeof code === 'number' ? `${code}` : 'failed',
    message: typeof message === 'string' && message !== '' ? message : 'failed',
    stack: typeof stack === 'string' ? stack : undefined,
  }
}

/** The same behind the extension's name. */
export function named(title: string, error: unknown): Fault {
  const fault = faultOf(error)
  const message = `${title}: ${fault.message}`
  const stack = fault.stack?.replace(fault.message, () => message)
  return { ...fault, message, stack }
}
