import { frameEnd } from '../buffer/chunk.ts'
import { offsetIn } from '../buffer/frame-head.ts'
import type { Spool } from './spool.ts'

/** As the SDK promises for `since` of `Rewindable.rewind`. */
const EVERY = 32

/**
 * Offsets of the frames behind number `after`, of every 32nd of them, oldest first: what a source has brought that the state
 * of a checkpoint knows nothing of. Nothing for a source without offsets.
 */
export async function trailOf(spool: Spool, after: number): Promise<unknown[]> {
  const trail: unknown[] = []
  for (let next = after + 1; next < spool.next; ) {
    const piece = await spool.read(next, spool.next)
    if (piece === undefined) break
    const { chunk, count, first } = piece
    let at = 0
    for (let sequence = first; sequence < first + count; sequence++) {
      if (sequence % EVERY === 0) {
        const offset = offsetIn(chunk.view, at)
        if (offset !== undefined) trail.push(offset)
        else if (trail.length === 0) return trail
      }
      at = frameEnd(chunk.view, at)
    }
    next = first + count
  }
  return trail
}
