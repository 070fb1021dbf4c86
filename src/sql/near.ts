/** Names longer than this are not compared: nobody mistypes them by two letters, and a hint must be cheap. */
const longestName = 64

/** The known name a mistyped one most likely meant, or nothing. Case does not count; ties go to the first. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  if (wanted.length > longestName) return undefined
  let best: string | undefined
  let bestDistance = allowance(wanted.length) + 1
  for (const candidate of known) {
    if (candidate.length > longestName) continue
    const other = candidate.toLowerCase()
    const distance = isPrefix(wanted, other) ? 1 : editDistance(wanted, other, bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** How many edits may separate a name of that length from the one meant. */
function allowance(length: number): number {
  if (length <= 2) return 1
  return length <= 5 ? 2 : 3
}

/** `temp` for `temperature`. Short starts say nothing. */
function isPrefix(a: string, b: string): boolean {
  return a.length >= 3 && b.startsWith(a)
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn one name into the other.
 * Gives up with `limit` as soon as the distance cannot be below it.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let smallest = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
      smallest = Math.min(smallest, cost)
    }
    if (smallest >= limit) return limit
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
