import type { Skip } from '#src/flow/frame-note.ts'

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

/**
 * With several instances: what a frame says of tuples behind its offset that are known. @param known by instance
 *
 * @returns `undefined`: there are none
 */
export function skipOf(known: readonly number[]): Skip | undefined {
  if (known.every((count) => count === 0)) return undefined
  return known
}

/** What a frame says to an instance; 0 when it was said to another number of them. */
export function knownOf(skip: Skip, many: number, instanceId: number): number {
  const known = typeof skip === 'number' ? [skip] : skip
  return known.length === many ? (known[instanceId] ?? 0) : 0
}
