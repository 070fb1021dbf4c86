import { inspect } from 'node:util'

const hidden = new Set([
  'level',
  'time',
  'msg',
  'pid',
  'hostname',
  'rule',
  'tenant',
  'plugin',
  'err',
])
const levels: ReadonlyMap<unknown, string> = new Map([
  [20, 'debug'],
  [30, 'info '],
  [40, 'warn '],
  [50, 'error'],
  [60, 'fatal'],
])

/** One line of pino's JSON as people read it: `10:22:01 warn  rule alarm: broker down`. */
export function plainLine(json: string): string {
  const entry: Record<string, unknown> = JSON.parse(json)
  const time = new Date(Number(entry.time)).toISOString().slice(11, 19)
  const rule = entry.rule === undefined ? '' : `rule ${entry.rule}: `
  const plugin = entry.plugin === undefined ? '' : `[${entry.plugin}] `
  const fields = Object.entries(entry).filter(([key]) => !hidden.has(key))
  const rest = fields.map(([key, value]) => ` ${key}=${show(value)}`).join('')
  const level = levels.get(entry.level) ?? '     '
  return `${time} ${level} ${rule}${plugin}${entry.msg ?? ''}${rest}${stackOf(entry.err)}\n`
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, depth: 2 })
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return ''
  return `\n${String(error.stack)}`
}
