import { NotConnected, Retryable } from '@plutino/sdk'

/** The server cannot be reached, or is going away. */
const CONNECTION = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
])

/** The same rows may pass a little later. */
const PASSING = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_OUT_OF_RESOURCES',
  'ER_OUTOFMEMORY',
  'ER_QUERY_INTERRUPTED',
  'ER_STATEMENT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
])

interface DriverError {
  readonly code?: unknown
  readonly fatal?: unknown
  readonly message?: unknown
}

/**
 * What an error of the driver asks the host for: connect again, try again, or drop the rows. What no time will mend (a
 * missing table, a wrong value, a refused login) is the error itself.
 */
export function faultOf(error: unknown): Error {
  const { code, fatal, message } = error as DriverError
  const text = `mysql: ${String(code ?? '')} ${String(message ?? error)}`.trim()
  if (isRefusal(code)) return new Error(text, { cause: error })
  if (PASSING.has(String(code))) return new Retryable(text, { cause: error })
  if (fatal === true || CONNECTION.has(String(code)) || /closed state/.test(text)) {
    return new NotConnected(text, { cause: error })
  }
  return new Error(text, { cause: error })
}

/** These end the connection too, and would do so again. The first is the host's: there is no grant. */
function isRefusal(code: unknown): boolean {
  const refusals = [
    'ERR_PLUGIN_DENIED',
    'ER_ACCESS_DENIED_ERROR',
    'ER_DBACCESS_DENIED_ERROR',
    'ER_BAD_DB_ERROR',
  ]
  return refusals.includes(String(code))
}
