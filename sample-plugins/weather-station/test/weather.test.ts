import { fileURLToPath } from 'node:url'
import { type TestPlugin, type TestTuple, tiers } from '@plutino/sdk/testing'
import test from 'ava'

const project = fileURLToPath(new URL('..', import.meta.url))
const SECOND = 1000

interface Props extends Readonly<Record<string, unknown>> {
  readonly seed?: number
  readonly count: number
}

/** A source that brings so many readings, from the first one on, each second one. */
async function run(plugin: TestPlugin, props: Props): Promise<TestTuple[]> {
  const source = await plugin.source('weather', { datasource: 'Hamburg', props })
  await plugin.clock.advance((props.count - 1) * SECOND)
  return source.next(props.count)
}

const readings = (tuples: readonly TestTuple[]) =>
  tuples.map(({ message }) => ({ ...message }) as Record<string, unknown>)

for (const { name: where, open } of await tiers(project)) {
  test(`${where}: the same seed gives the same weather, another seed another`, async (t) => {
    await using plugin = await open(project)
    const first = await run(plugin, { seed: 7, count: 20 })
    const again = await run(plugin, { seed: 7, count: 20 })
    const other = await run(plugin, { seed: 8, count: 20 })
    t.deepEqual(readings(again), readings(first))
    t.notDeepEqual(readings(other), readings(first))
  })

  test(`${where}: a reading has place, number, temperature and humidity, and humidity stays a percentage`, async (t) => {
    await using plugin = await open(project)
    const tuples = await run(plugin, { count: 50 })
    for (const [i, { place, n, temperature, humidity }] of readings(tuples).entries()) {
      t.deepEqual([place, n], ['Hamburg', i + 1])
      t.is(typeof temperature, 'number')
      t.true(typeof humidity === 'number' && humidity >= 0 && humidity <= 100)
    }
    t.deepEqual({ ...tuples[0]?.meta }, { place: 'Hamburg' })
  })

  test(`${where}: from the offset of any reading it goes on with the next one`, async (t) => {
    await using plugin = await open(project)
    const props = { seed: 3, count: 12 }
    const first = await plugin.source('weather', { datasource: 'Hamburg', props })
    await plugin.clock.advance(20 * SECOND)
    const whole = await first.next(12)
    const { state } = await first.checkpoint()
    for (const at of [0, 4, 10]) {
      const restore = { state, offset: whole[at]?.offset }
      const source = await plugin.source('weather', { datasource: 'Hamburg', props, restore })
      await plugin.clock.advance(20 * SECOND)
      t.deepEqual(readings(await source.next(11 - at)), readings(whole.slice(at + 1)))
      t.is(source.tuples.length, 11 - at)
    }
  })

  test(`${where}: it ends when the rule is stopped, without waiting for its interval`, async (t) => {
    await using plugin = await open(project)
    const source = await plugin.source('weather', { props: { interval: 60_000 } })
    await source.next()
    await source.close()
    await plugin.clock.advance(120_000)
    t.is(source.tuples.length, 1)
  })
}
