import type { Data, SourceContext, SourceTuple } from '@plutino/sdk'
import test from 'ava'
import { Weather } from '../sources/weather.ts'

type Taken = Data | SourceTuple | readonly (Data | SourceTuple)[]

/** Runs a source to its end. @returns what it brought, and its offset after each */
async function run(source: Weather, stopAfter = Number.POSITIVE_INFINITY) {
  const rows: Taken[] = []
  const offsets: unknown[] = []
  const abort = new AbortController()
  await source.open({ signal: abort.signal } as SourceContext, (data) => {
    rows.push(data)
    offsets.push(source.getOffset())
    if (rows.length === stopAfter) abort.abort()
    return undefined
  })
  source.close()
  return { rows, offsets }
}

function configured(props: object): Weather {
  const source = new Weather()
  source.configure('Hamburg', { interval: 1, ...props })
  return source
}

test('the same seed gives the same weather, another seed another', async (t) => {
  const first = await run(configured({ seed: 7, count: 20 }))
  const again = await run(configured({ seed: 7, count: 20 }))
  const other = await run(configured({ seed: 8, count: 20 }))
  t.is(first.rows.length, 20)
  t.deepEqual(again.rows, first.rows)
  t.notDeepEqual(other.rows, first.rows)
})

test('a reading has place, number, temperature and humidity, and humidity stays a percentage', async (t) => {
  const { rows } = await run(configured({ count: 50 }))
  for (const [i, row] of rows.entries()) {
    const { place, n, temperature, humidity } = row as Record<string, unknown>
    t.deepEqual([place, n], ['Hamburg', i + 1])
    t.is(typeof temperature, 'number')
    t.true(typeof humidity === 'number' && humidity >= 0 && humidity <= 100)
  }
})

test('from the offset of any reading it goes on with the next one', async (t) => {
  const whole = await run(configured({ seed: 3, count: 12 }))
  for (const at of [0, 4, 10]) {
    const source = configured({ seed: 3, count: 12 })
    source.rewind(structuredClone(whole.offsets[at]))
    t.deepEqual((await run(source)).rows, whole.rows.slice(at + 1))
  }
})

test('it ends when the rule is stopped, without waiting for its interval', async (t) => {
  const started = performance.now()
  const { rows } = await run(configured({ interval: 60_000 }), 1)
  t.is(rows.length, 1)
  t.true(performance.now() - started < 5000)
})
