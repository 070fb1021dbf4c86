import type { StreamReset } from '#host/cell/cell.ts'
import { HostError } from '#host/errors.ts'

const shape = '{"type": 1, "params": {"streamName": "s", "input": {…}}}'

/** @returns `undefined` without a body. @throws HostError `bad-body`, which says how it is written */
export function readReset(body: unknown): StreamReset | undefined {
  if (body === undefined || body === null) return undefined
  if (!isObject(body)) throw bad('an object is wanted')
  const { type, params } = body
  if (type !== 1)
    throw bad(`type ${JSON.stringify(type) ?? 'is missing, and'} is not known; only 1 is`)
  const { streamName, input } = isObject(params) ? params : {}
  if (typeof streamName !== 'string' || streamName === '') throw bad('params.streamName is missing')
  if (!isObject(input)) throw bad('params.input is no object')
  return { stream: streamName, input }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(why: string): HostError {
  return new HostError(
    'bad-body',
    `reset_state: ${why}; a body is ${shape}, without one the whole state is reset`,
  )
}
