import { fileURLToPath } from 'node:url'
import type { Row } from '@plutino/sdk'
import { inProcess, type TestTuple } from '@plutino/sdk/testing'
import test from 'ava'
import { RewindableRandom } from '../sources/rewindable-random.ts'

const project = fileURLToPath(new URL('..', import.meta.url))

const pattern = { count: 50, text: 'as it is', half: 1.5, deep: { n: 1 } }

const rowsOf = (tuples: readonly TestTuple[]) => tuples.map(({ message }) => message as Row)
const countsOf = (tuples: readonly TestTuple[]) => rowsOf(tuples).map(({ count }) => count)

for (const name of ['random', 'rewindableRandom']) {
  test(`${name}: whole numbers of the pattern grow by less than the seed, all else stays`, async (t) => {
    await using plugin = await inProcess(project)
    const source = await plugin.source(name, { props: { interval: 10, seed: 3, pattern } })
    await plugin.clock.advance(990)
    const tuples = await source.next(100)
    t.deepEqual([...new Set(countsOf(tuples))].sort(), [50, 51, 52])
    for (const row of rowsOf(tuples)) t.deepEqual({ ...row, count: 50 }, pattern)
    t.is(source.tuples.length, 100)
  })

  test(`${name}: with deduplicate no row is like one of so many before`, async (t) => {
    await using plugin = await inProcess(project)
    const props = { interval: 1, seed: 6, deduplicate: 3 }
    const source = await plugin.source(name, { props })
    await plugin.clock.advance(300)
    const counts = countsOf(await source.next(60))
    for (const [i, count] of counts.entries()) {
      t.false(counts.slice(Math.max(0, i - 3), i).includes(count), `row ${i}`)
    }
  })

  test(`${name}: a negative deduplicate looks at all rows ever`, async (t) => {
    await using plugin = await inProcess(project)
    const props = { interval: 1, seed: 4, deduplicate: -1 }
    const source = await plugin.source(name, { props })
    await plugin.clock.advance(500)
    t.deepEqual(countsOf(source.tuples).sort(), [50, 51, 52, 53])
  })

  test(`${name}: a wrong option refuses the rule`, async (t) => {
    await using plugin = await inProcess(project)
    const refused = (props: Readonly<Record<string, unknown>>, message: RegExp) =>
      t.throwsAsync(plugin.source(name, { props }), { message })
    await refused({ interval: 0 }, /interval must be a positive/)
    await refused({ seed: 1.5 }, /seed must be a positive/)
  })
}

test('what random has sent stands in the state: the next life leaves it out too, and runs where nothing is left', async (t) => {
  await using plugin = await inProcess(project)
  const props = { interval: 1, seed: 6, deduplicate: -1 }
  const first = await plugin.source('random', { props })
  while (first.tuples.length < 3) await plugin.clock.advance(1)
  const restore = await first.checkpoint()
  await first.close()
  const second = await plugin.source('random', { props, restore })
  await plugin.clock.advance(500)
  const counts = [...countsOf(first.tuples), ...countsOf(second.tuples)]
  t.deepEqual(counts.sort(), [50, 51, 52, 53, 54, 55])
  const third = await plugin.source('random', { props, restore: await second.checkpoint() })
  await plugin.clock.advance(500)
  t.deepEqual(third.tuples, [])
})

test('from the offset of any row rewindableRandom goes on with the next one', async (t) => {
  await using plugin = await inProcess(project)
  const props = { interval: 1, seed: 1000, deduplicate: 10 }
  const first = await plugin.source('rewindableRandom', { props })
  await plugin.clock.advance(50)
  const whole = await first.next(20)
  const { state } = await first.checkpoint()
  for (const at of [0, 7, 15]) {
    const restore = { state, offset: whole[at]?.offset }
    const source = await plugin.source('rewindableRandom', { props, restore })
    await plugin.clock.advance(50)
    t.deepEqual(rowsOf(await source.next(19 - at)), rowsOf(whole.slice(at + 1)))
  }
  const reset = new RewindableRandom()
  reset.resetOffset({ made: 5 })
  const restore = { state, offset: reset.getOffset() }
  const source = await plugin.source('rewindableRandom', { props, restore })
  await plugin.clock.advance(50)
  t.deepEqual(rowsOf(await source.next(5)), rowsOf(whole.slice(5, 10)))
})
