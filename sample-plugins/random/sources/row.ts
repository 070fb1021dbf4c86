import type { Row } from '@plutino/sdk'

export interface Options {
  readonly interval: number
  readonly seed: number
  readonly pattern: Row
  readonly deduplicate: number
}

/** The host has checked types against the schema; a number in a text comes from a hand-written yaml. */
export function optionsOf(props: Record<string, unknown>): Options {
  const { interval = 1000, seed = 1, pattern = { count: 50 }, deduplicate = 0 } = props
  return {
    interval: positive('interval', interval),
    seed: positive('seed', seed),
    pattern: pattern as Row,
    deduplicate: Number(deduplicate),
  }
}

function positive(name: string, value: unknown): number {
  const number = Number(value)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`random: ${name} must be a positive whole number, not ${String(value)}`)
}

/** The pattern, with its whole numbers changed. */
export function varied(pattern: Row, change: (value: number) => number): Row {
  return Object.fromEntries(
    Object.entries(pattern).map(([name, value]) => [
      name,
      Number.isInteger(value) ? change(value as number) : value,
    ]),
  )
}
