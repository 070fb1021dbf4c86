import { fileURLToPath } from 'node:url'
import { tiers } from '@plutino/sdk/testing'
import test from 'ava'
import { WordCountByGroup } from '../functions/accumulate-word-count.ts'

const project = fileURLToPath(new URL('..', import.meta.url))

for (const { name: where, open } of await tiers(project)) {
  test(`${where}: echo gives back what it is given`, async (t) => {
    await using plugin = await open(project)
    const echo = await plugin.function('echo')
    for (const value of [1, 'text', null, { a: [1] }]) t.deepEqual(await echo.call(value), value)
    const nothing = await plugin.function('echo', { args: [] })
    await t.throwsAsync(nothing.call(), { message: /: echo takes one argument, not 0$/ })
  })

  test(`${where}: countPlusOne counts a group, and one`, async (t) => {
    await using plugin = await open(project)
    const counted = await plugin.function('countPlusOne')
    t.is(await counted.over([[5], [null], [7]]), 4)
    t.is(await counted.over([[5]]), 2)
  })

  test(`${where}: accumulateWordCount goes on over its calls and over a restart; what is no text is an error of the row`, async (t) => {
    await using plugin = await open(project)
    const count = await plugin.function('accumulateWordCount')
    t.is(await count.call('a b c', ' '), 3)
    t.is(await count.call('d,e', ','), 5)
    await t.throwsAsync(count.call(5, ' '), { message: /words are counted in a text/ })
    t.is(await count.call('', ' '), 6)
    const restore = await count.checkpoint()
    await count.close()
    const next = await plugin.function('accumulateWordCount', { restore })
    t.is(await next.call('f g', ' '), 8)
    const few = await plugin.function('accumulateWordCount')
    await t.throwsAsync(few.call('a'), { message: /not 1 arguments/ })
  })

  test(`${where}: spread is what it would be made anew, whatever comes and goes`, async (t) => {
    await using plugin = await open(project)
    const spread = await plugin.function('spread')
    const numbers = [5, 3, 8, 3, 9, 1, 4, 4, 7, 2]
    t.deepEqual(
      await spread.slide(
        numbers.map((number) => [number]),
        3,
      ),
      numbers.map((_, i) => {
        const inside = numbers.slice(Math.max(0, i - 2), i + 1)
        return Math.max(...inside) - Math.min(...inside)
      }),
    )
    t.is(await spread.over([[null]]), null)
  })
}

test('wordCountByGroup keeps its state by group', (t) => {
  t.is(new WordCountByGroup().state, 'group')
})
