import test from 'ava'
import { BurstHold } from '#host/cell/connectors/mqtt/burst-hold.ts'
import { ReadPace } from '#host/cell/connectors/mqtt/read-pace.ts'

function clock() {
  let ms = 0
  return { now: () => ms, pass: (more: number) => (ms += more) }
}

test('reads are not held up at 10 000 packets a second', (t) => {
  const { now, pass } = clock()
  const pace = new ReadPace(now)
  for (let i = 0; i < 1000; i++) {
    pass(0.1)
    t.is(pace.after(110, 1), 'none')
    pace.turned()
  }
})

test('small reads at 100 000 packets a second are coalesced until the rate is low again', (t) => {
  const { now, pass } = clock()
  const pace = new ReadPace(now)
  const pauses = Array.from({ length: 400 }, () => {
    pass(0.01)
    return pace.after(110, 1)
  })
  t.is(pauses[0], 'none')
  t.is(pauses.at(-1), 'moment')
  pace.turned()
  // coalesced, each brings what came in a millisecond
  for (let i = 0; i < 10; i++) {
    pass(1)
    t.is(pace.after(11_000, 100), 'moment')
    pace.turned()
  }
  pass(5)
  t.is(pace.after(110, 1), 'none')
})

test('large reads are not held up, but let others have their turn', (t) => {
  const { now, pass } = clock()
  const pace = new ReadPace(now)
  const pauses = Array.from({ length: 8 }, () => {
    pass(1)
    const pause = pace.after(65_536, 600)
    if (pause === 'turn') pace.turned()
    return pause
  })
  t.deepEqual(pauses, ['none', 'none', 'none', 'turn', 'none', 'none', 'none', 'turn'])
})

test('a burst is held up while the buffer is nearly full, for a second in all, until it has been half empty', (t) => {
  const { now, pass } = clock()
  pass(1)
  const hold = new BurstHold(now)
  t.is(hold.waitMs(1000), 0)
  t.is(hold.waitMs(126), 0)
  t.is(hold.waitMs(100), 1000)
  pass(400)
  t.is(hold.waitMs(300), 0)
  t.is(hold.waitMs(100), 600)
  pass(700)
  t.is(hold.waitMs(100), 0)
  t.is(hold.waitMs(500), 0)
  t.is(hold.waitMs(100), 1000)
})
