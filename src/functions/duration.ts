import { display } from '#src/expressions/errors.ts'
import { wrong } from './values.ts'

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Milliseconds of a text such as `1h30m`, `-24h` or `1.5s`. */
export function duration(text: string): number {
  const match = /^([+-]?)((?:\d+\.?\d*(?:ns|us|µs|ms|s|m|h))+)$/.exec(text.trim())
  if (match === null) throw wrong(`invalid duration ${display(text)}; it looks like 1h30m or -24h`)
  let sum = 0
  for (const [, amount, unit] of (match[2] ?? '').matchAll(/(\d+\.?\d*)([a-zµ]+)/g)) {
    sum += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  }
  return match[1] === '-' ? -sum : sum
}
