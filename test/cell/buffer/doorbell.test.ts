import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { Doorbell } from '#host/cell/buffer/doorbell.ts'

test('within the budget a reader is called at once', (t) => {
  const member = memberOf()
  const clock = { at: 0 }
  const bell = new Doorbell({ now: () => clock.at })
  bell.add(member)
  clock.at = 10
  bell.ring()
  t.is(member.fed, 1)
})

test('beyond the budget all readers wait for one timer, which comes in time', async (t) => {
  const bell = new Doorbell({ budget: 100, maxLingerMs: 20, now: () => 0 })
  const members = Array.from({ length: 50 }, memberOf)
  for (const member of members) bell.add(member)
  for (let i = 0; i < 200; i++) bell.ring()
  t.true(members.every(({ fed }) => fed === 0))
  await sleep(60)
  t.deepEqual([...new Set(members.map(({ fed }) => fed))], [1])
  bell.close()
})

test('a call that is full costs nothing of the budget', (t) => {
  const bell = new Doorbell({ now: () => 0 })
  const member = { ...memberOf(), hasFullCall: () => true, feed: () => void full++ }
  let full = 0
  bell.add(member)
  for (let i = 0; i < 10; i++) bell.ring()
  t.is(full, 10)
  bell.close()
})

test('a reader with nothing to send is left asleep', (t) => {
  const clock = { at: 0 }
  const bell = new Doorbell({ now: () => clock.at })
  const member = { ...memberOf(), hasAny: () => false }
  bell.add(member)
  clock.at = 1000
  bell.ring()
  t.is(member.fed, 0)
})

function memberOf() {
  return {
    fed: 0,
    hasFullCall: () => false,
    hasAny: () => true,
    feed() {
      this.fed++
    },
  }
}

test('a reader that is alone is called more often than many together', (t) => {
  let ms = 0
  const bell = new Doorbell({ budget: 100, soloBudget: 2000, now: () => ms })
  const calls = [0, 0]
  const members = calls.map((_, i) => ({
    hasFullCall: () => false,
    hasAny: () => true,
    feed: () => {
      calls[i] = (calls[i] ?? 0) + 1
    },
  }))
  const [first, second] = members
  if (first === undefined || second === undefined) return t.fail()
  bell.add(first)
  ms += 100
  for (let i = 0; i < 100; i++, ms++) bell.ring()
  t.true((calls[0] ?? 0) >= 99)
  bell.add(second)
  calls.fill(0)
  for (let i = 0; i < 100; i++, ms++) bell.ring()
  bell.close()
  t.true((calls[0] ?? 0) < 20)
})
