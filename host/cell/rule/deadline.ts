import { CellError } from '../cell.ts'
import { whenLate } from '../patience.ts'

/** Rejects with `deadline` when `work` takes longer. What it does afterwards is its own affair. */
export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const stop = whenLate(ms, () =>
    late.reject(new CellError('deadline', `${what} took longer than ${ms} ms`)),
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    stop()
  }
}

/** Looks every few ms. @returns false when it did not become true in time */
export async function until(isTrue: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (!isTrue()) {
    if (performance.now() >= end) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return true
}
