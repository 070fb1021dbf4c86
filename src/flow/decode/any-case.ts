/**
 * `ignoreCase`: gives keys of a payload the spelling that the statement and the schema use. A key that is spelt as one of
 * them stays; of several others that differ in case only the first counts. What no one asked for keeps its own.
 */
export function caseIgnorer(names: readonly string[]): (value: unknown) => unknown {
  const byLower = new Map<string, string[]>()
  for (const name of names) {
    const lower = name.toLowerCase()
    byLower.set(lower, [...(byLower.get(lower) ?? []), name])
  }
  const respelt = (row: object): object => {
    const made = new Map<string, unknown>()
    for (const [key, value] of Object.entries(row)) {
      const wanted = byLower.get(key.toLowerCase())
      if (wanted === undefined || wanted.includes(key)) made.set(key, value)
      // For every spelling that the payload does not have by itself.
      for (const name of wanted ?? []) {
        if (!Object.hasOwn(row, name) && !made.has(name)) made.set(name, value)
      }
    }
    return Object.fromEntries(made)
  }
  return (value) => {
    if (Array.isArray(value)) return value.map((each) => (isObject(each) ? respelt(each) : each))
    return isObject(value) ? respelt(value) : value
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
