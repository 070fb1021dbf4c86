const unitsMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

const whole = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g

/** `"10s"`, `"1h30m"`, or a whole number of ms. `undefined`: not a duration. */
export function durationMs(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  if (/^\d+$/.test(value)) return Number(value)
  if (!whole.test(value)) return undefined
  let sum = 0
  for (const [, amount, unit] of value.matchAll(part)) {
    sum += Number(amount) * (unitsMs.get(unit ?? '') ?? 0)
  }
  return Math.round(sum)
}

/** The shortest way to write it: `10s`, `5m`, `1500ms`. */
export function durationText(ms: number): string {
  for (const [unit, size] of [...unitsMs].reverse()) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}
