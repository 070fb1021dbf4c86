import test, { type ExecutionContext } from 'ava'
import type { RuleSpec } from '#host/cell/cell.ts'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment } from '#test/fixtures/cell/cells.ts'
import { sources } from '#test/fixtures/cell/connectors.ts'
import { eventually, keyOf, linesOf, numbersRule, outputFile } from '#test/fixtures/cell/rules.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { planOf } from '#test/flow/rule.ts'

const key = keyOf('a')

/** Batches of ten, of which the third one lingers: 25 numbers come at once, and further ones in the next life. */
async function lingering(t: ExecutionContext) {
  const { environment, store, lines } = memoryEnvironment()
  const path = await outputFile()
  let left = Number.POSITIVE_INFINITY
  const cell = new LocalCell({
    environment: {
      ...environment,
      async commit(rule, checkpoint) {
        if (left-- <= 0) throw new Error('no space left')
        await environment.commit(rule, checkpoint)
      },
    },
    connectors: { ...createBuiltinConnectors(), sources },
    cacheFolder,
    dataFolder: makeFolder(t),
  })
  t.teardown(() => cell.close())
  const made = numbersRule({ rule: 'a', burst: 25, intervalMs: 1_000_000, options: { qos: 2 } })
  const props = { batchSize: 10, lingerInterval: 1_000_000 }
  const spec: RuleSpec = {
    ...made,
    plan: planOf('SELECT n FROM demo', { actions: [{ type: 'file', props }] }),
    actions: [{ type: 'file', props: { path } }],
    sources: made.sources.map((each) => ({ ...each, props: { ...each.props, json: true } })),
  }
  const numbers = async () =>
    (await linesOf(path))
      .flatMap((line) => [JSON.parse(line)].flat(2))
      .map(({ n }: { n: number }) => n)
  const has = (count: number) => eventually(numbers, ({ length }) => length >= count)
  await cell.deploy(spec)
  await has(20)
  await cell.checkpoint(key)
  return {
    cell,
    numbers,
    lines,
    /** Stops it while so many commits more are kept, and lets it go on from the last one. */
    async againAfter(commits: number) {
      left = commits
      await cell.stop(key)
      const sent = await numbers()
      left = Number.POSITIVE_INFINITY
      await cell.deploy({ ...spec, epoch: 2, checkpoint: store.get('a') })
      await has(40)
      return sent
    },
  }
}

const to = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test('what lingers leaves at a stop, and never twice', async (t) => {
  const { againAfter, numbers } = await lingering(t)
  t.deepEqual(await againAfter(Number.POSITIVE_INFINITY), to(25))
  const all = await numbers()
  t.deepEqual(all, to(all.length))
})

test('what lingers stays where no checkpoint can be kept: a replay fills its batch, and all of it is sent', async (t) => {
  const { againAfter, numbers, lines } = await lingering(t)
  t.deepEqual(await againAfter(0), to(20))
  t.true(lines.some(({ text }) => text.includes('no checkpoint before the stop: no space left')))
  const all = await numbers()
  t.deepEqual(all, to(all.length))
})

test('where only the state behind it is not kept, a replay cuts the batch at the same place', async (t) => {
  const { againAfter, numbers } = await lingering(t)
  t.deepEqual(await againAfter(1), to(25))
  const all = await numbers()
  t.deepEqual(all, to(all.length))
})
