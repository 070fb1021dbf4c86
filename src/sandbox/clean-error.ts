import { placeOf, SCRIPT_PREFIX, withStackOf } from './plugin-stack.ts'

/** An error as it may leave a compartment or a worker: two short texts, nothing of the original. */
export interface CleanError {
  readonly code: string
  readonly message: string
}

export const MAX_MESSAGE = 300
export const MAX_CODE = 60

/**
 * Reads what a plugin threw, which may be anything: a proxy, a getter that throws, a message of 300 MB. Never throws.
 *
 * Control characters are replaced, since the text ends in logs and terminals.
 */
export function cleanError(error: unknown, fallback = 'failed'): CleanError {
  return {
    code: shortText(fieldOf(error, 'code'), MAX_CODE) || fallback,
    message: placed(messageOf(error), error),
  }
}

/** With the place in the plugin's script, where the host can make the author's line of it. */
function placed(message: string, error: unknown): string {
  if (message.includes(`(${SCRIPT_PREFIX}`)) return message
  const place = placeOf(error)
  const room = MAX_MESSAGE - place.length
  return (message.length > room ? `${message.slice(0, room - 1)}…` : message) + place
}

/** As `cleanError`, as an error to throw inside the engine. */
export function rebuiltError(error: unknown, fallback = 'failed'): Error & CleanError {
  const { code, message } = cleanError(error, fallback)
  return Object.assign(withStackOf(new Error(message), error), { code, message })
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return shortText(error, MAX_MESSAGE) || 'an empty text was thrown'
  if (typeof error !== 'object' || error === null) {
    return `${typeof error === 'object' ? 'null' : typeof error} was thrown, not an error`
  }
  const message = shortText(fieldOf(error, 'message'), MAX_MESSAGE)
  if (message !== '') return message
  return shortText(fieldOf(error, 'name'), MAX_CODE) || 'a value that is not an error was thrown'
}

function fieldOf(value: unknown, key: 'code' | 'message' | 'name'): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return (value as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

/** Anything but a text or a number is no text: its own conversion would be the plugin's code. */
function shortText(value: unknown, limit: number): string {
  if (typeof value === 'number') return `${value}`
  if (typeof value !== 'string') return ''
  return printable(value.length > limit ? `${value.slice(0, limit - 1)}…` : value)
}

const BLANKS = /[\t\n\r]+/g
const CONTROLS = /\p{Cc}|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** One line of text without what forges log lines, turns the direction of writing or moves a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(BLANKS, ' ').replace(CONTROLS, '?')
}
