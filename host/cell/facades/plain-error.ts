import { textOf } from '../workers/worker-fault.ts'

/** An error for a plugin, of whatever the system or OpenSSL reports: a code and one line. */
export interface PlainError {
  readonly code: string
  readonly message: string
}

const CODE = /^[A-Z][A-Z0-9_]{1,59}$/

/** @param what `connect tcp://db:3306` */
export function plainErrorOf(error: unknown, what: string): PlainError {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const known = typeof code === 'string' && CODE.test(code) ? code : 'ECONNRESET'
  // Of several addresses that were tried: a list of errors without a text of its own.
  const text = textOf(message, 250) || known
  return {
    code: known,
    message: text.includes(known) ? `${what}: ${text}` : `${what}: ${text} (${known})`,
  }
}

export function errorOf({ code, message }: PlainError): Error {
  return Object.assign(new Error(message), { code })
}
