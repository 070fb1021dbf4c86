import type { FastifyError } from 'fastify'
import { CellError, type CellErrorCode } from '#host/cell/cell.ts'
import { HostError, type HostErrorCode } from '#host/errors.ts'
import { InstallError, type InstallErrorCode } from '#host/plugins/errors.ts'
import { RuleError, type RuleErrorCode } from '#src/plan/errors.ts'
import { SqlError } from '#src/sql/errors.ts'

/** What a route is about; says which of Kuiper's numbers its errors have. */
export type Area = 'server' | 'definition' | 'rule' | 'conf-key' | 'plugin'

export interface ErrorBody {
  /** Kuiper's number. */
  readonly error: number
  readonly message: string
  /** Stable; clients switch on it. */
  readonly code: string
}

export interface ErrorAnswer {
  readonly status: number
  readonly body: ErrorBody
}

/** Kuiper's numbers by area, for what has none of its own. */
const numbers: Readonly<Record<Area, number>> = {
  server: 1000,
  definition: 3000,
  rule: 1000,
  'conf-key': 5000,
  plugin: 1000,
}

interface Entry {
  readonly status: number
  readonly error?: number | undefined
}

const notFound: Entry = { status: 404, error: 1002 }
const refused: Entry = { status: 400 }
const conflict: Entry = { status: 409 }
const failed: Entry = { status: 500, error: 1000 }

/** Error code to status and Kuiper's number, the one place for both. */
const hostErrors: Readonly<Record<HostErrorCode, Entry>> = {
  'bad-config': failed,
  'bad-conf-key': refused,
  'unknown-conf-key': refused,
  'unknown-secret': refused,
  'folder-in-use': failed,
  'folder-not-writable': failed,
  'folder-full': { status: 507, error: 1003 },
  'folder-newer': failed,
  'catalog-broken': failed,
  'already-exists': conflict,
  'not-found': notFound,
  'in-use': conflict,
  'bad-name': refused,
  'bad-json': { status: 400, error: 1000 },
  'bad-body': { status: 400, error: 1000 },
  'bad-statement': refused,
  'bad-rule': refused,
  'bad-option': refused,
  'stale-version': conflict,
  'unknown-action': { status: 400, error: 2201 },
  'unknown-source': { status: 400, error: 2101 },
  'not-supported': refused,
  'not-allowed': { status: 403, error: 1000 },
  'stale-epoch': conflict,
  'address-in-use': failed,
  unreachable: { status: 400, error: 1003 },
  stopping: { status: 503, error: 1000 },
}

const cellErrors: Readonly<Record<CellErrorCode, Entry>> = {
  'unknown-rule': notFound,
  'already-deployed': conflict,
  'unknown-connector': { status: 400, error: 2201 },
  'bad-property': { status: 400, error: 2201 },
  'open-failed': { status: 400, error: 2201 },
  deadline: { status: 504, error: 2201 },
  'worker-died': failed,
  'stale-epoch': conflict,
  closed: { status: 503, error: 1000 },
  'not-swapped': conflict,
  'unknown-stream': notFound,
  'not-resettable': refused,
}

const installErrors: Readonly<Record<InstallErrorCode, Entry>> = {
  'bad-request': refused,
  'bad-url': refused,
  'download-failed': { status: 400, error: 1000 },
  'too-large': { status: 413, error: 1000 },
  'not-a-zip': refused,
  'bad-archive': refused,
  'no-manifest': refused,
  'bad-manifest': refused,
  'newer-host-needed': refused,
  'not-in-package': refused,
  'bad-plugin': refused,
  duplicate: conflict,
  'unknown-plugin': notFound,
  'in-use': conflict,
  'not-trusted': { status: 403, error: 1000 },
  'bad-signature': { status: 400, error: 1000 },
  'not-signed': { status: 403, error: 1000 },
  cancelled: conflict,
  'too-many-jobs': { status: 429, error: 1000 },
}

/** Those of the planner that are no mere refusal. */
const ruleErrors: Partial<Readonly<Record<RuleErrorCode, Entry>>> = {
  'unknown-action': { status: 400, error: 2201 },
}

/** What the peer of the request is told. `undefined`: nobody foresaw it, so it says nothing of what is inside. */
export function answerTo(error: unknown, area: Area): ErrorAnswer | undefined {
  if (error instanceof HostError) return answer(hostErrors[error.code], error, area)
  if (error instanceof CellError) return answer(cellErrors[error.code], error, area)
  if (error instanceof InstallError) return answer(installErrors[error.code], error, area)
  if (error instanceof RuleError) return answer(ruleErrors[error.code] ?? refused, error, area)
  if (error instanceof SqlError) return answer(refused, error, area)
  return isFastifyError(error) ? fastifyAnswer(error, area) : undefined
}

function answer(entry: Entry, error: { code: string; message: string }, area: Area): ErrorAnswer {
  const { status, error: number = numbers[area] } = entry
  return { status, body: { error: number, message: readable(error.message), code: error.code } }
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('FST_')
}

function fastifyAnswer(error: FastifyError, area: Area): ErrorAnswer | undefined {
  const status = error.statusCode ?? 500
  if (status >= 500) return undefined
  const code = status === 413 ? 'too-large' : status === 415 ? 'bad-content-type' : 'bad-request'
  return { status, body: { error: numbers[area], message: fastifyMessage(error), code } }
}

function fastifyMessage({ code, statusCode, message }: FastifyError): string {
  if (statusCode === 413) return 'the body is too large; see option rest.bodyLimit'
  // ours says which type; what is no type at all never gets there
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' && message === 'Unsupported Media Type') {
    return 'the header content-type is no media type; send application/json'
  }
  return readable(message)
}

/** A message may quote what the client sent, which may be a megabyte. */
const longestMessage = 2000

function readable(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
}
