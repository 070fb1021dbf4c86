import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff, ObjectSourceError, Timer } from '@plutino/sdk/object-source'
import test from 'ava'
import fc from 'fast-check'
import { VirtualTime } from './rig.ts'

function timerAt(durationMs: number) {
  const clock = { ms: 0 }
  return { clock, timer: new Timer(durationMs, () => clock.ms) }
}
const stateError = { instanceOf: ObjectSourceError, code: 'state', message: /^Timer: / }

test('J1, J2, J3: a timer has all its time before it starts, runs out, and has all of it again when stopped', (t) => {
  const { clock, timer } = timerAt(1000)
  t.is(timer.millisecondsRemaining, 1000)
  timer.start()
  clock.ms = 400
  t.false(timer.isExpired)
  t.is(timer.millisecondsRemaining, 600)
  clock.ms = 2000
  t.true(timer.isExpired)
  t.true(timer.millisecondsRemaining <= 0)
  timer.stop()
  t.is(timer.millisecondsRemaining, 1000)
})

test('J4, J5, J6, J7: a timer in the wrong order is a state error that starts with "Timer: "', (t) => {
  const fresh = timerAt(1).timer
  t.throws(() => fresh.stop(), stateError)
  t.notThrows(() => fresh.reset())
  const running = timerAt(1).timer
  running.start()
  t.throws(() => running.start(), stateError)
  running.stop()
  t.throws(() => running.stop(), stateError)
  t.throws(() => running.start(), stateError)
  running.reset()
  t.throws(() => running.stop(), stateError)
  running.start()
  running.reset()
  t.throws(() => running.stop(), stateError)
})

test('an aborted timer is expired whatever the time', (t) => {
  const { timer } = timerAt(1000)
  timer.start()
  timer.getBackoffConfig().abort()
  t.true(timer.isExpired)
})

test('J8, J9: a back-off on an unstarted 1 s timer estimates under 500 ms and keeps to it within the jitter', async (t) => {
  const { timer } = timerAt(1000)
  const time = new VirtualTime()
  const backoff = new Backoff(timer.getBackoffConfig(), { sleep: time.sleep })
  const estimate = backoff.estimatedDelay()
  t.true(estimate < 500)
  await time.until(backoff.delay())
  t.true(Math.abs(time.now() - estimate) <= backoff.maxJitter + 250)
})

test('J10: nine rounds of delays on a running timer of 1 s each end within 2 s', async (t) => {
  for (let round = 0; round < 9; round++) {
    const time = new VirtualTime()
    const timer = new Timer(1000, time.now)
    timer.start()
    const backoff = new Backoff(timer.getBackoffConfig(), { sleep: time.sleep })
    while (backoff.estimatedDelay() > 0 && !timer.isExpired) {
      const before = time.now()
      await time.until(backoff.delay())
      // The last allowed waits are skipped by the rule: time passes elsewhere then.
      if (time.now() === before) await time.pass(50)
    }
    t.true(time.now() <= 2000)
  }
})

test('J11: with 1000 ms left all the time estimates are 2, 4, 8 … 512, then exactly 1000', async (t) => {
  const time = new VirtualTime()
  const config = { timeRemaining: () => 1000, abort: () => {} }
  const backoff = new Backoff(config, { sleep: time.sleep, random: () => 0.5 })
  const estimates: number[] = []
  for (let i = 0; i < 11; i++) {
    estimates.push(backoff.estimatedDelay())
    await time.until(backoff.delay())
  }
  t.deepEqual(estimates, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000])
})

const of4000 = (applyTimerRule: boolean, abort = () => {}) => ({
  timeRemaining: () => 4000,
  abort,
  applyTimerRule,
})

test('E1: with 4000 ms left and the rule off no sleep exceeds 2559 ms and nothing is aborted', async (t) => {
  for (const random of [() => 0, () => 0.5, () => 0.999_999]) {
    const time = new VirtualTime()
    const config = of4000(false, () => t.fail('aborted'))
    const backoff = new Backoff(config, { sleep: time.sleep, random })
    for (let i = 0; i < 11; i++) await time.until(backoff.delay())
    t.true(Math.max(0, ...time.slept) <= 2559)
  }
  t.pass()
})

test('E2: a sleep that would reach the time left aborts once and does not sleep', async (t) => {
  const time = new VirtualTime()
  let aborts = 0
  let remaining = 1000
  const config = { timeRemaining: () => remaining, abort: () => void aborts++ }
  const backoff = new Backoff(config, { sleep: time.sleep, random: () => 0.5 })
  remaining = 2
  await backoff.delay()
  t.is(aborts, 1)
  t.deepEqual(time.slept, [])
})

test('E3: a jitter that makes the sleep nothing returns at once', async (t) => {
  const time = new VirtualTime()
  await new Backoff(of4000(false), { sleep: time.sleep, random: () => 0 }).delay()
  t.deepEqual(time.slept, [])
})

test('E4: at the maximum count the rule returns at once; without it, it sleeps', async (t) => {
  for (const [rule, sleeps] of [
    [true, 11],
    [false, 13],
  ] as const) {
    const time = new VirtualTime()
    const backoff = new Backoff(of4000(rule), { sleep: time.sleep, random: () => 0.5 })
    for (let i = 0; i < 13; i++) await time.until(backoff.delay())
    t.is(time.slept.length, sleeps)
  }
})

test('E5: a back-off made with no time left recovers its maximum count', async (t) => {
  const time = new VirtualTime()
  let remaining = 0
  const backoff = new Backoff(
    { timeRemaining: () => remaining, abort: () => {} },
    { sleep: time.sleep, random: () => 0.5 },
  )
  await backoff.delay()
  remaining = 4000
  for (let i = 0; i < 4; i++) await time.until(backoff.delay())
  t.deepEqual(time.slept, [2, 4, 8, 16])
})

test('E6: an abort during a sleep rejects delay with an AbortError and resolves cleanDelay, before any timer of 50 ms', async (t) => {
  const abort = new AbortController()
  const backoff = new Backoff(of4000(false), { random: () => 0.999 })
  for (let i = 0; i < 5; i++) await backoff.cleanDelay(AbortSignal.abort())
  const both = Promise.all([
    t.throwsAsync(backoff.delay(abort.signal), { name: 'AbortError' }),
    t.notThrowsAsync(backoff.cleanDelay(abort.signal)),
  ])
  const late = sleep(50, 'late')
  abort.abort()
  // a timer of 50 ms that was due meanwhile fires after what is ready
  t.not(await Promise.race([both, late]), 'late')
})

test('waits double in the mean, none is longer than 5 s, and their sum is that of the bases give or take the jitter', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 14, maxLength: 14 }),
      async (draws) => {
        const slept: number[] = []
        const left = [...draws]
        const backoff = new Backoff(of4000(false), {
          random: () => left.shift() ?? 0,
          sleep: async (ms) => void slept.push(ms),
        })
        for (let i = 0; i < draws.length; i++) await backoff.delay()
        const bases = draws.map((_, i) => 2 ** Math.min(i + 1, 11))
        const sum = (all: number[]) => all.reduce((a, b) => a + b, 0)
        const jitter = sum(bases.map((base) => Math.min(base, 512)))
        return (
          slept.every((ms) => ms > 0 && ms <= 5000) && Math.abs(sum(slept) - sum(bases)) <= jitter
        )
      },
    ),
    { numRuns: 200 },
  )
  t.pass()
})
