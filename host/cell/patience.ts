/** Of state, on a machine that is busy. */
const READ_MS_PER_MB = 100
const WRITE_MS_PER_MB = 20
/** What is waited for at one time. */
const SLICE_MS = 250
/** A slice that comes so much too late was held up by this thread itself. */
const LATE_MS = 50
/** Of a late slice counts so much: a thread that is always late does not wait for ever. */
const LATE_SHARE = 0.25

/**
 * Calls when `ms` have passed in which this thread's own loop was on time: after a loop that stood still, its timers are
 * due before the answers that have come meanwhile are read, and nobody may be judged by that.
 *
 * @returns stops it
 */
export function whenLate(ms: number, late: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let left = ms
  const wait = () => {
    const slice = Math.max(1, Math.min(SLICE_MS, left))
    const began = performance.now()
    timer = setTimeout(() => {
      const isLate = performance.now() - began > slice + LATE_MS
      left -= isLate ? Math.max(1, slice * LATE_SHARE) : slice
      if (left <= 0) late()
      else wait()
    }, slice)
  }
  wait()
  return () => clearTimeout(timer)
}

/** ms of silence that a state costs: it is read, or written, in one go. */
export function stateMs(bytes: number, how: 'read' | 'written'): number {
  return (bytes / 1e6) * (how === 'read' ? READ_MS_PER_MB : WRITE_MS_PER_MB)
}
