import { fileURLToPath } from 'node:url'
import { tiers } from '@plutino/sdk/testing'
import test from 'ava'

const project = fileURLToPath(new URL('..', import.meta.url))

for (const { name: where, open } of await tiers(project)) {
  test(`${where}: humid air feels warmer, dry air cooler; null in, null out`, async (t) => {
    await using plugin = await open(project)
    const feelsLike = await plugin.function('feelsLike')
    const cases = [
      [30, 80, 37.2],
      [30, 20, 28.8],
      [0, 50, -3],
      [null, 50, null],
      [20, null, null],
    ]
    for (const [temperature, humidity, felt] of cases) {
      t.is(await feelsLike.call(temperature, humidity), felt)
    }
  })

  test(`${where}: a text is an error of the row, and the next row is none`, async (t) => {
    await using plugin = await open(project)
    const feelsLike = await plugin.function('feelsLike')
    await t.throwsAsync(feelsLike.call('20', 50), {
      message: /: feelsLike needs two numbers, not string and number$/,
    })
    t.is(await feelsLike.call(0, 50), -3)
  })

  test(`${where}: another number of arguments refuses the rule`, async (t) => {
    await using plugin = await open(project)
    const feelsLike = await plugin.function('feelsLike')
    await t.throwsAsync(feelsLike.call(20), {
      message: /: feelsLike takes a temperature and a humidity, not 1 arguments$/,
    })
  })
}
