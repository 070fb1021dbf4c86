import type { RealTimers } from './timers.ts'

/** A plugin did not settle in its time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  readonly code = 'deadline'
}

/** How long the steps of a plugin may take, ms. */
export const deadlines = {
  configure: 30_000,
  open: 30_000,
  collect: 30_000,
  call: 5_000,
  close: 5_000,
} as const

/** Calls `step`, and waits for what it returns for so long at most. The plugin's promise is left to itself then. */
export async function within(
  ms: number,
  what: string,
  timers: Pick<RealTimers, 'setTimeout' | 'clearTimeout'>,
  step: () => unknown,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = timers.setTimeout(() => {
      reject(new DeadlineError(`${what} did not end within ${ms / 1000} s`))
    }, ms)
  })
  try {
    await Promise.race([settled(step()), late])
  } finally {
    timers.clearTimeout(timer)
  }
}

/** Waits for a plugin's value without ever resolving with it. */
async function settled(value: unknown): Promise<void> {
  await value
}
