import type { LongMode } from './source-config.ts'

/** JSON.parse, but whole numbers beyond 2^53 are bigints; by mode all whole numbers, or none. */
export function parseExact(text: string, longs: LongMode): unknown {
  if (longs === 'number') return JSON.parse(text)
  return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || context?.source === undefined) return value
    if (!/^-?\d+$/.test(context.source)) return value
    return longs === 'auto' && Number.isSafeInteger(value) ? value : BigInt(context.source)
  })
}

/** Whether a text has to be read by `parseExact`. */
export function needsExact(text: string, longs: LongMode): boolean {
  return longs === 'bigint' || (longs === 'auto' && hasLongNumber(text))
}

/** So many digits may be a whole number that a double does not hold. */
const DIGITS = 16

/** Whether so many digits stand in a row, but for those behind a point. A row of 16 covers every 16th place once. */
function hasLongNumber(text: string): boolean {
  for (let i = DIGITS - 1; i < text.length; i += DIGITS) {
    if (!isDigit(text, i)) continue
    let start = i
    while (isDigit(text, start - 1)) start--
    let end = i + 1
    while (isDigit(text, end)) end++
    if (end - start >= DIGITS && text[start - 1] !== '.') return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** A 64-bit number as the mode has it. */
export function asLong(value: bigint, longs: LongMode): number | bigint {
  if (longs === 'bigint') return value
  const near = Number(value)
  return longs === 'number' || Number.isSafeInteger(near) ? near : value
}
