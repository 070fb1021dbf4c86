/** Of those before `saved`, what an instance is told; with another number of them, all of it. */
export function trailOf(
  trail: readonly unknown[],
  saved: unknown,
  many: number,
  instanceId: number,
): readonly unknown[] {
  if (many === 1 || formerOffsets(saved, many) !== undefined) return trail
  return trail.flatMap((all) => (Array.isArray(all) ? (all[instanceId] ?? []) : []))
}

/** The offsets of all instances of an earlier life, when there are not as many now. */
export function formerOffsets(saved: unknown, many: number): readonly unknown[] | undefined {
  if (saved === undefined || saved === null) return undefined
  if (Array.isArray(saved)) return saved.length === many ? undefined : saved
  return many === 1 ? undefined : [saved]
}

/** How a frame says that so many tuples of an array are known, and which of the instances has handed it over. */
export function skipOf(known: number, many: number, instanceId: number): number {
  return known * many + instanceId
}

/** What `skipOf` says to an instance: 0 to all others. */
export function knownOf(skip: number, many: number, instanceId: number): number {
  return skip % many === instanceId ? Math.floor(skip / many) : 0
}
