import { whenLate } from '../patience.ts'
import type { RunningThread } from './pool.ts'

/** ms for a thread to be gone after it was told to. */
const GRACE_MS = 2000

/**
 * Ends a thread whose ports are revoked already. JavaScript ends within milliseconds; a native call that V8 cannot
 * interrupt survives it, and then so does the thread.
 *
 * @returns 'stuck' when it is still there after the grace
 */
export async function endThread(
  { worker, exit }: RunningThread,
  graceMs: number = GRACE_MS,
): Promise<'ended' | 'stuck'> {
  void worker.terminate()
  const late = Promise.withResolvers<'stuck'>()
  const stop = whenLate(graceMs, () => late.resolve('stuck'))
  const ended = await Promise.race([exit.then((): 'ended' => 'ended'), late.promise])
  stop()
  return ended
}
