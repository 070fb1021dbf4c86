import test from 'ava'
import { Pulse } from '#src/sandbox/pulse.ts'

/** A pulse whose clock is moved by hand. */
function underHand() {
  const seen = { at: 0, reads: 0, beats: [] as number[] }
  const now = () => {
    seen.reads++
    return seen.at
  }
  const pulse = new Pulse(now, () => seen.beats.push(seen.at))
  const calls = (count: number, ms: number) => {
    for (let n = 0; n < count; n++) {
      seen.at += ms
      pulse.beat()
    }
  }
  return { seen, calls }
}

test('slow calls beat as soon as half a second has passed', (t) => {
  const { seen, calls } = underHand()
  calls(20, 100)
  t.deepEqual(seen.beats, [500, 1000, 1500, 2000])
})

test('a call of seconds beats when it comes back', (t) => {
  const { seen, calls } = underHand()
  calls(3, 3000)
  t.deepEqual(seen.beats, [3000, 6000, 9000])
})

test('fast calls read the clock at each eighth, and beat all the same', (t) => {
  const { seen, calls } = underHand()
  calls(1_000_000, 0.001)
  t.true(seen.reads < 126_000, `${seen.reads} reads`)
  t.is(seen.beats.length, 1)
  calls(1_000_000, 0.001)
  t.is(seen.beats.length, 3)
})

test('calls that become slow are noticed within eight, and from then on each is looked at', (t) => {
  const { seen, calls } = underHand()
  calls(1000, 0.01)
  const before = seen.at
  calls(8, 100)
  t.is(seen.beats.length, 1)
  t.true((seen.beats[0] ?? 0) <= before + 800)
  const { reads } = seen
  calls(10, 100)
  t.is(seen.reads - reads, 10)
})
