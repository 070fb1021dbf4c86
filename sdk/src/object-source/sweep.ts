import { abortError, ObjectSourceError } from './errors.ts'
import type { ResumableIterator } from './record.ts'

/**
 * An iterator of a generator: when it returns there is nothing now, and the next question starts another sweep.
 *
 * @param signal of the task, given to every sweep
 */
export function fromSweep<T>(
  signal: AbortSignal,
  sweep: (signal: AbortSignal) => AsyncIterable<T>,
): ResumableIterator<T> {
  let under: AsyncIterator<T> | undefined
  let ahead: { readonly value: T } | undefined
  const look = async (): Promise<boolean> => {
    if (ahead !== undefined) return true
    if (signal.aborted) throw abortError()
    under ??= sweep(signal)[Symbol.asyncIterator]()
    try {
      const { done, value } = await under.next()
      if (done === true) under = undefined
      else ahead = { value }
    } catch (error) {
      under = undefined
      throw error
    }
    return ahead !== undefined
  }
  return {
    hasNext: () => ahead !== undefined || look(),
    async next() {
      await look()
      if (ahead === undefined) throw new ObjectSourceError('no-element', 'there is no record now')
      const { value } = ahead
      ahead = undefined
      return value
    },
    async [Symbol.asyncDispose]() {
      await under?.return?.()
      under = undefined
    },
  }
}
