import test from 'ava'
import { Heartbeat } from '#host/heartbeat.ts'

test('who answers is asked again and again, and who falls silent is noticed', async (t) => {
  const silence = Promise.withResolvers<number>()
  let asked = 0
  const heartbeat = new Heartbeat({
    everyMs: 1,
    silenceMs: 600,
    ask: () => {
      asked++
      if (asked < 6) setImmediate(() => heartbeat.answered())
    },
    onSilence: silence.resolve,
  })
  heartbeat.answered()
  t.is(await silence.promise, 600)
  t.is(asked, 6)
})

test('time in which the one who asks stood still is not counted as silence', async (t) => {
  const silence = Promise.withResolvers<number>()
  const answered = Promise.withResolvers<void>()
  let asked = 0
  let isSilent = false
  const heartbeat = new Heartbeat({
    everyMs: 1,
    silenceMs: 1000,
    ask: () => {
      if (++asked > 1) return
      // as a suspended machine: no thread of it comes on
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)
      setImmediate(() => {
        heartbeat.answered()
        answered.resolve()
      })
    },
    onSilence: (ms) => {
      isSilent = true
      silence.resolve(ms)
    },
  })
  heartbeat.answered()
  await answered.promise
  t.false(isSilent)
  await silence.promise
  t.is(asked, 2)
})

test('once it has ended nobody is asked or found silent', async (t) => {
  const asked = Promise.withResolvers<void>()
  let count = 0
  let isSilent = false
  const heartbeat = new Heartbeat({
    everyMs: 1,
    silenceMs: 50,
    ask: () => {
      count++
      asked.resolve()
    },
    onSilence: () => {
      isSilent = true
    },
  })
  heartbeat.answered()
  await asked.promise
  heartbeat.end()
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.false(isSilent)
  t.is(count, 1)
})
