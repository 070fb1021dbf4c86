import type { LongMode } from './source-config.ts'

/** So many digits may be a whole number that a double does not hold. */
export const manyDigits = /\d{16}/

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
  return longs === 'bigint' || (longs === 'auto' && manyDigits.test(text))
}

/** A 64-bit number as the mode has it. */
export function asLong(value: bigint, longs: LongMode): number | bigint {
  if (longs === 'bigint') return value
  const near = Number(value)
  return longs === 'number' || Number.isSafeInteger(near) ? near : value
}
