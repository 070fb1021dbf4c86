import { quantile } from '#test/bench/reference/compare.mjs'

/** Some values of one thing: their median and where eight of ten lie. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, mid, high] = [0.1, 0.5, 0.9].map((q) => quantile(values, q).toFixed(digits))
  return `${mid} (${low}–${high})`
}

/** `name: ratio x.xx, must reach …` and what else is to be said, as one line. */
export function report(name: string, ...parts: readonly string[]): void {
  console.log(`${name}: ${parts.join(', ')}`)
}

/** Of each pair, in the order in which they were measured: neighbours met the same weather. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value / (b[i] ?? Number.NaN))
}
