import { printable } from './clean-error.ts'
import { copyValue } from './copy.ts'
import { placeOf, SCRIPT_PREFIX } from './plugin-stack.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Takes one finished line; called at most as often as the quota allows. */
export type LogSink = (level: LogLevel, text: string) => void

export const MAX_LINE = 2000
export const LINES_PER_SECOND = 200

/** ms between two lines that say how many were dropped: one for each that passes would double a flood. */
const SAID_EVERY = 1000

export interface PluginLogOptions {
  readonly debug: boolean
  /** Told of each line that is dropped. */
  readonly limited?: (() => void) | undefined
}

/** The log of one plugin: short printable lines, a bounded number each second, what is dropped is counted and said. */
export class PluginLog {
  readonly #sink: LogSink
  readonly #now: () => number
  readonly #debug: boolean
  readonly #limited: () => void
  #tokens = LINES_PER_SECOND
  #filledAt: number
  #dropped = 0
  #saidAt = Number.NEGATIVE_INFINITY

  /** @param now ms, monotonic */
  constructor(sink: LogSink, now: () => number, options: PluginLogOptions) {
    this.#sink = sink
    this.#now = now
    this.#debug = options.debug
    this.#limited = options.limited ?? (() => {})
    this.#filledAt = now()
  }

  /** Writes texts as they are and everything else as JSON, behind one another. Never throws. */
  write(level: LogLevel, parts: readonly unknown[]): void {
    if (level === 'debug' && !this.#debug) return
    if (!this.#take()) {
      this.#dropped++
      this.#limited()
      return
    }
    if (this.#dropped > 0 && this.#filledAt - this.#saidAt >= SAID_EVERY) {
      this.#saidAt = this.#filledAt
      this.#sink('warn', `${this.#dropped} lines dropped: more than ${LINES_PER_SECOND} a second`)
      this.#dropped = 0
    }
    this.#sink(level, lineOf(parts))
  }

  #take(): boolean {
    const now = this.#now()
    const refill = ((now - this.#filledAt) * LINES_PER_SECOND) / 1000
    this.#tokens = Math.min(LINES_PER_SECOND, this.#tokens + refill)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}

function lineOf(parts: readonly unknown[]): string {
  let line = ''
  for (const part of parts.slice(0, 20)) {
    if (line !== '') line += ' '
    line += textOf(part)
    if (line.length > MAX_LINE) break
  }
  return printable(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 1)}…` : line)
}

const LOG_LIMITS = { depth: 8, count: 500, bytes: 4 * MAX_LINE }

function textOf(part: unknown): string {
  if (typeof part === 'string') return part.length > MAX_LINE ? part.slice(0, MAX_LINE + 1) : part
  if (typeof part === 'bigint') return `${part}n`
  if (typeof part === 'function' || typeof part === 'symbol') return `[${typeof part}]`
  if (typeof part !== 'object' || part === null) return `${part}`
  try {
    const shown = isError(part)
      ? errorText(part) + placeIn(part)
      : copyValue(part, 'line', LOG_LIMITS)
    return typeof shown === 'string' ? shown : JSON.stringify(shown, jsonOfBigint)
  } catch {
    return '[unprintable]'
  }
}

function jsonOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

function isError(value: object): value is Error {
  return value instanceof Error
}

/** An error that was made of another one says it itself. */
function placeIn(error: Error): string {
  return String(error.message).includes(`(${SCRIPT_PREFIX}`) ? '' : placeOf(error)
}

function errorText({ name, message }: Error): string {
  if (typeof name !== 'string' || typeof message !== 'string') return '[unprintable]'
  return `${name.slice(0, 60)}: ${message.slice(0, MAX_LINE)}`
}
