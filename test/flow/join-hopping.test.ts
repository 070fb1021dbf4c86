import test from 'ava'
import { type Input, runStreams } from './streams.ts'

const SQL =
  'SELECT demo.temperature, demo1.temp FROM demo left join demo1 on demo.timestamp = demo1.timestamp where demo.temperature > demo1.temp GROUP BY demo.temperature, HOPPINGWINDOW(ss, 20, 10)'

const streams = [
  'CREATE STREAM demo (temperature FLOAT, timestamp BIGINT) WITH (DATASOURCE="demo", TIMESTAMP="timestamp")',
  'CREATE STREAM demo1 (temp FLOAT, timestamp BIGINT) WITH (DATASOURCE="demo1", TIMESTAMP="timestamp")',
]

const START = 1_700_000_000_000

/** Seconds, and what both streams say then; `undefined`: nothing. */
const READINGS: readonly (readonly [number, number | undefined, number | undefined])[] = [
  [1, 20, 18],
  [6, 25, 26],
  [8, undefined, 5],
  [11, 20, 19],
  [16, 30, 22],
  [21, 25, undefined],
  [26, 15, 14],
  [31, 40, 41],
  [36, 25, 20],
]

/** Written down before the join was built: windows [-10, 10), [0, 20), [10, 30), [20, 40), [30, 50). */
const EXPECTED = [
  [{ temperature: 20, temp: 18 }],
  [
    { temperature: 20, temp: 18 },
    { temperature: 30, temp: 22 },
  ],
  [
    { temperature: 20, temp: 19 },
    { temperature: 30, temp: 22 },
    { temperature: 15, temp: 14 },
  ],
  [
    { temperature: 15, temp: 14 },
    { temperature: 25, temp: 20 },
  ],
  [{ temperature: 25, temp: 20 }],
]

function inputs(arrival: (seconds: number, from: string) => number): Input[] {
  const all = READINGS.flatMap(([seconds, temperature, temp]) => {
    const timestamp = START + seconds * 1000
    const rows: Input[] = []
    const add = (from: string, payload: object) =>
      rows.push({ from, payload: { ...payload, timestamp }, time: arrival(seconds, from) })
    if (temperature !== undefined) add('demo', { temperature })
    if (temp !== undefined) add('demo1', { temp })
    return rows
  })
  return all.sort((a, b) => a.time - b.time)
}

test('the left join over a hopping window, in processing time', (t) => {
  const rows = inputs((seconds) => START + seconds * 1000)
  t.deepEqual(runStreams(SQL, rows, { streams }), EXPECTED)
})

test('the left join over a hopping window, in event time, one stream 7 s behind the other', (t) => {
  const rows = inputs((seconds, from) => 5000 + seconds * 1000 + (from === 'demo' ? 0 : 7000))
  const options = { isEventTime: true, lateTolerance: 0 }
  t.deepEqual(runStreams(SQL, rows, { streams, options }), EXPECTED)
})
