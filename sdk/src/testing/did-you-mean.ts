/** `; did you mean "tail"?`, or the names that there are. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = known.find((each) => distance(each.toLowerCase(), name.toLowerCase()) <= 2)
  if (near !== undefined) return `; did you mean "${near}"?`
  return known.length === 0 ? '; there is none' : `; there is ${known.join(', ')}`
}

/** Letters to change, add or leave out. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const kept = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
