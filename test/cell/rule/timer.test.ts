import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { WakeTimer } from '#host/cell/rule/timer.ts'

function timer() {
  const woken: number[] = []
  return { timer: new WakeTimer(() => woken.push(Date.now())), woken }
}

async function once(woken: readonly number[]): Promise<void> {
  for (let i = 0; i < 2000 && woken.length === 0; i++) await sleep(10)
}

test('it calls once, at the last time that was set', async (t) => {
  const { timer: own, woken } = timer()
  const at = Date.now() + 60
  own.set(at + 60_000)
  own.set(at)
  await once(woken)
  t.true((woken[0] ?? 0) >= at)
  await sleep(50)
  t.is(woken.length, 1)
})

test('null is never', async (t) => {
  const { timer: own, woken } = timer()
  own.set(Date.now() + 20)
  own.set(null)
  await sleep(100)
  t.deepEqual(woken, [])
})

test('what was said out of turn stands, whatever is set behind it', async (t) => {
  for (const later of [null, Date.now() + 60_000]) {
    const { timer: own, woken } = timer()
    const at = Date.now() + 40
    own.hasten(at)
    own.set(later)
    await once(woken)
    t.true((woken[0] ?? 0) >= at)
    own.set(null)
  }
})

test('out of turn it is only brought forward', async (t) => {
  const { timer: own, woken } = timer()
  const at = Date.now() + 40
  own.set(at)
  own.hasten(null)
  own.hasten(at + 60_000)
  await once(woken)
  t.true((woken[0] ?? 0) >= at)
  own.set(null)
})
