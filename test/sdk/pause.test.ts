import { getEventListeners } from 'node:events'
import { pause } from '@plutino/sdk'
import test from 'ava'

const DAY = 86_400_000

test.serial('a pause lasts as long as it says, and leaves no listener behind', async (t) => {
  const { signal } = new AbortController()
  const start = performance.now()
  await pause(50, signal)
  // a timer may be a millisecond early
  t.true(performance.now() - start >= 48)
  t.is(getEventListeners(signal, 'abort').length, 0)
})

test.serial(
  'a pause ends with the signal, and leaves neither timer nor listener behind',
  async (t) => {
    const abort = new AbortController()
    const before = timers()
    const paused = pause(DAY, abort.signal)
    t.is(timers(), before + 1)
    abort.abort()
    await paused
    t.is(timers(), before)
    t.is(getEventListeners(abort.signal, 'abort').length, 0)
  },
)

test.serial('with a signal that is aborted already there is no pause', async (t) => {
  const before = timers()
  await pause(DAY, AbortSignal.abort())
  t.is(timers(), before)
})

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
