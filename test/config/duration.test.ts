import test from 'ava'
import { durationMs, durationText } from '#host/config/duration.ts'

test('durations are read as Kuiper writes them', (t) => {
  t.deepEqual(
    [500, '500', '500ms', '10s', '1h30m', '1.5s', '2d', 0].map(durationMs),
    [500, 500, 500, 10_000, 5_400_000, 1500, 172_800_000, 0],
  )
})

test('what is no duration is undefined', (t) => {
  for (const value of ['', 'soon', '10', '5x', '-1s', -1, 1.5, null, true, ['1s']]) {
    t.is(durationMs(value), value === '10' ? 10 : undefined, String(value))
  }
})

test('a duration is written as short as it can be', (t) => {
  t.deepEqual([10_000, 300_000, 1500, 0, 86_400_000].map(durationText), [
    '10s',
    '5m',
    '1500ms',
    '0ms',
    '1d',
  ])
})
