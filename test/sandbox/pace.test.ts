import test from 'ava'
import { Pace } from '#src/sandbox/pace.ts'

/** A pace whose clock is moved by hand: `pass` lets so many ms go by, 5 at a time. */
function makePace() {
  const clock = { ms: 0 }
  let planned: (() => void) | undefined
  const pace = new Pace({
    now: () => clock.ms,
    later: (run) => {
      planned = run
    },
  })
  const pass = (ms: number) => {
    for (const end = clock.ms + ms; clock.ms < end; ) {
      clock.ms += 5
      const run = planned
      planned = undefined
      run?.()
    }
  }
  return { pace, pass }
}

test('what is sent now and then leaves at once', (t) => {
  const { pace, pass } = makePace()
  let sent = 0
  for (let i = 0; i < 50; i++) {
    for (let n = 0; n < 100; n++) pace.send(() => sent++)
    t.false(pace.isBehind)
    pass(10)
  }
  t.is(sent, 5000)
})

test('a flood leaves in its order, 20000 messages a second', (t) => {
  const { pace, pass } = makePace()
  const sent: number[] = []
  for (let n = 0; n < 40_000; n++) pace.send(() => sent.push(n))
  t.is(sent.length, 4000)
  t.true(pace.isBehind)
  pass(500)
  t.true(sent.length >= 13_000 && sent.length <= 15_000, `${sent.length}`)
  pass(2000)
  t.is(sent.length, 40_000)
  t.true(sent.every((n, at) => n === at))
})

test('who waits for the end of what waits is called once, behind it', (t) => {
  const { pace, pass } = makePace()
  const seen: string[] = []
  pace.whenClear(() => seen.push('clear at once'))
  for (let n = 0; n < 4001; n++) pace.send(() => seen.push('sent'))
  pace.whenClear(() => seen.push('clear'))
  t.is(seen.length, 4001)
  pass(20)
  t.deepEqual(seen.slice(-2), ['sent', 'clear'])
  pass(20)
  t.is(seen.length, 4003)
})

test('after its end nothing leaves', (t) => {
  const { pace, pass } = makePace()
  let sent = 0
  for (let n = 0; n < 5000; n++) pace.send(() => sent++)
  pace.close()
  pass(100)
  t.is(sent, 4000)
})
