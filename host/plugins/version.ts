import semver from 'semver'

/** What follows `@`, or a package's version; one leading `v` is dropped. */
export function normalVersion(version: string): string {
  return version.startsWith('v') ? version.slice(1) : version
}

/**
 * The order of versions: by semver where both are, semver above anything else, the rest by code points, none lowest.
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [semver.valid(a), semver.valid(b)]
  if (x !== null && y !== null) return semver.compare(x, y) || compareText(a, b)
  if (x !== null) return 1
  if (y !== null) return -1
  return compareText(a, b)
}

function compareText(a: string, b: string): number {
  const [x, y] = [Array.from(a), Array.from(b)]
  for (const [i, character] of x.entries()) {
    const other = y[i]
    if (other === undefined) return 1
    const difference = (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

/** The version that a rule means: named exactly, the highest in a semver range, or the latest when it says nothing. */
export function chooseVersion(
  versions: readonly string[],
  wanted?: string | undefined,
): string | undefined {
  const newestFirst = versions.toSorted((a, b) => compareVersions(b, a))
  if (wanted === undefined) return newestFirst[0]
  const exact = normalVersion(wanted)
  if (newestFirst.includes(exact)) return exact
  return newestFirst.find(
    (version) => semver.valid(version) !== null && semver.satisfies(version, wanted),
  )
}
