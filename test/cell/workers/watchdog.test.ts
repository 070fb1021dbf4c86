import { close, open } from 'node:inspector'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { Watchdog } from '#host/cell/workers/watchdog.ts'
import type { WorkerHandle } from '#host/cell/workers/worker-handle.ts'

/** A thread that never answers again. */
function silentHandle(): { handle: WorkerHandle; readonly killed: string[] } {
  const never = new Promise<never>(() => {})
  const killed: string[] = []
  const handle = {
    ended: never,
    waitingMs: 1000,
    hasAnswered: true,
    worker: { getHeapStatistics: () => never },
    ping: () => never,
    kill: (reason: string) => {
      killed.push(reason)
      return never
    },
  }
  return { handle: handle as unknown as WorkerHandle, killed }
}

test.serial('a thread that does not answer while the others do is ended', async (t) => {
  const watchdog = new Watchdog({ lookMs: 20, closeLookMs: 20, nativeMs: 200 })
  const { handle, killed } = silentHandle()
  watchdog.watch({ handle, memoryLimitBytes: 1e9 })
  for (let i = 0; i < 3000 && killed.length === 0; i++) await sleep(20)
  watchdog.close()
  t.is(killed[0], 'its thread did not answer for 200 ms: native code')
})

test.serial('while the inspector is open, a thread may stand at a breakpoint', async (t) => {
  open(0, '127.0.0.1')
  t.teardown(close)
  const watchdog = new Watchdog({ lookMs: 20, closeLookMs: 20, nativeMs: 200, silenceMs: 200 })
  const { handle, killed } = silentHandle()
  watchdog.watch({ handle, memoryLimitBytes: 1e9 })
  await sleep(1500)
  t.deepEqual(killed, [])
  close()
  for (let i = 0; i < 3000 && killed.length === 0; i++) await sleep(20)
  watchdog.close()
  t.is(killed.length, 1)
})

test.serial(
  'when far more threads than cores are late, it is the machine: they get the time of all',
  async (t) => {
    const watchdog = new Watchdog({ lookMs: 20, closeLookMs: 20, nativeMs: 200 })
    const handles = Array.from({ length: availableParallelism() * 40 }, silentHandle)
    for (const { handle } of handles) watchdog.watch({ handle, memoryLimitBytes: 1e9 })
    await sleep(1500)
    watchdog.close()
    t.deepEqual(
      handles.flatMap(({ killed }) => killed),
      [],
    )
  },
)
