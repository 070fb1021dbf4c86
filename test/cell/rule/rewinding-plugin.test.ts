import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { diskCell, rewindingRule, rowsIn, spoolsIn } from '../../fixtures/cell/rewinding-rule.ts'
import { eventually, keyOf, statusWhere } from '../../fixtures/cell/rules.ts'

const COUNT = 4000
const numbers = (count = COUNT) => Array.from({ length: count }, (_, i) => i + 1)

for (const qos of [1, 2] as const) {
  for (const batch of [1, 7]) {
    const how = batch === 1 ? 'rows one by one' : `arrays of ${batch} rows`
    test.serial(
      `qos ${qos}, ${how}: a worker killed before the first checkpoint, between two and after the last: each row once, and no spool`,
      async (t) => {
        t.timeout(300_000)
        const { cell, dataFolder, store } = diskCell(t)
        const path = join(makeFolder(t), 'out.jsonl')
        const options = { qos, checkpointIntervalMs: 0 }
        await cell.deploy(rewindingRule({ path, batch, count: COUNT, options }))
        const written = (least: number) =>
          eventually(
            async () => (await rowsIn(path)).length,
            (n) => n >= least,
          )
        const kill = async (restarts: number) => {
          await cell.endWorker(keyOf('a'), 'ended by the test')
          await statusWhere(cell, 'a', (s) => s.state !== 'starting' && s.restarts >= restarts)
        }
        await written(200)
        t.is(store.get('a'), undefined)
        await kill(1)
        await written(500)
        await cell.checkpoint(keyOf('a'))
        await written(900)
        await kill(2)
        await written(1300)
        await cell.checkpoint(keyOf('a'))
        await kill(3)
        t.deepEqual(spoolsIn(dataFolder), [])
        await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
        t.deepEqual(
          (await rowsIn(path)).map(({ n }) => n),
          numbers(),
        )
      },
    )
  }
}

test.serial(
  'a checkpoint within an array of rows: after the death of the worker the array comes again, and its first rows count once',
  async (t) => {
    t.timeout(300_000)
    const { cell, store } = diskCell(t)
    const path = join(makeFolder(t), 'out.jsonl')
    const options = { checkpointIntervalMs: 0 }
    const sizes = { batch: 700, bufferLength: 90, count: 70_000 }
    const sql = 'SELECT n, version, lag(n) AS i FROM demo'
    await cell.deploy(rewindingRule({ path, ...sizes, sql, options }))
    const isWithin = async () => {
      await cell.checkpoint(keyOf('a'))
      const { skip = 0 } = store.get('a')?.sources[0] ?? {}
      return typeof skip === 'number' ? skip : 0
    }
    for (const restarts of [1, 2]) {
      const skip = await eventually(isWithin, (n) => n > 0)
      t.true(skip < 700)
      await cell.endWorker(keyOf('a'), 'ended by the test')
      await statusWhere(cell, 'a', (s) => s.state !== 'starting' && s.restarts >= restarts)
    }
    await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    const rows = await rowsIn(path)
    t.deepEqual(
      rows.map(({ n }) => n),
      numbers(70_000),
    )
    // the state has seen each of them once
    t.true(rows.every(({ n, i }) => n - 1 === (i ?? 0)))
  },
)

for (const qos of [0, 1, 2] as const) {
  test.serial(
    `qos ${qos}: moved to another version while rows wait in its buffer: each row once, some of them from the new one`,
    async (t) => {
      t.timeout(300_000)
      const { cell, dataFolder } = diskCell(t)
      const path = join(makeFolder(t), 'out.jsonl')
      const setup = { path, bufferLength: 500, options: { qos } }
      await cell.deploy(rewindingRule({ ...setup, count: 1500, isEndless: true }))
      for (const version of ['2', '3']) {
        const before = (await rowsIn(path)).length
        await eventually(
          async () => (await rowsIn(path)).length,
          (n) => n >= before + 300,
        )
        const isLast = version === '3'
        const count = isLast ? COUNT : 3000
        await cell.upgrade(rewindingRule({ ...setup, version, count, isEndless: !isLast }))
      }
      await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
      const rows = await rowsIn(path)
      t.deepEqual(
        rows.map(({ n }) => n),
        numbers(),
      )
      t.deepEqual([...new Set(rows.map(({ version }) => version))], ['1', '2', '3'])
      t.deepEqual(spoolsIn(dataFolder), [])
    },
  )
}

test.serial('a version that goes back differently is taken by a stop and a start', async (t) => {
  const { cell } = diskCell(t)
  const path = join(makeFolder(t), 'out.jsonl')
  await cell.deploy(rewindingRule({ path, rewinds: false }))
  const error = await t.throwsAsync(cell.upgrade(rewindingRule({ path, version: '2' })))
  t.like(error, { code: 'not-swapped' })
  t.is((await cell.status(keyOf('a')))?.state, 'running')
})

test.serial(
  'two rules on one shared stream have a source each: one dies, and each has each row once',
  async (t) => {
    t.timeout(300_000)
    const { cell, dataFolder } = diskCell(t)
    const folder = makeFolder(t)
    const paths = { a: join(folder, 'a.jsonl'), b: join(folder, 'b.jsonl') }
    const common = { shared: true, count: COUNT, options: { checkpointIntervalMs: 100 } }
    await cell.deploy(rewindingRule({ ...common, rule: 'a', path: paths.a }))
    await cell.deploy(rewindingRule({ ...common, rule: 'b', path: paths.b }))
    for (const least of [300, 1500]) {
      await eventually(
        async () => (await rowsIn(paths.a)).length,
        (n) => n >= least,
      )
      await cell.endWorker(keyOf('a'), 'ended by the test')
      await statusWhere(cell, 'a', ({ state }) => state !== 'starting')
    }
    for (const rule of ['a', 'b'] as const) {
      await statusWhere(cell, rule, ({ state }) => state === 'stopped')
      t.deepEqual(
        (await rowsIn(paths[rule])).map(({ n }) => n),
        numbers(),
      )
    }
    t.deepEqual(spoolsIn(dataFolder), [])
  },
)

for (const [what, setup] of [
  ['several instances, which come in another order each time,', { concurrency: 3 }],
  ['a source that does not go back to the same rows', { rewinds: false }],
  [
    'a rule that goes by arrival times',
    { sql: 'SELECT collect(n) AS n FROM demo GROUP BY TUMBLINGWINDOW(ms, 50)' },
  ],
] as const) {
  test.serial(`${what} has a spool, and each row once`, async (t) => {
    t.timeout(300_000)
    const { cell, dataFolder } = diskCell(t)
    const path = join(makeFolder(t), 'out.jsonl')
    const count = 2000
    await cell.deploy(
      rewindingRule({ path, count, options: { checkpointIntervalMs: 100 }, ...setup }),
    )
    for (const restarts of [1, 2]) {
      const before = (await rowsIn(path)).length
      await eventually(
        async () => (await rowsIn(path)).length,
        (n) => n > before,
      )
      t.not(spoolsIn(dataFolder).length, 0)
      await cell.endWorker(keyOf('a'), 'ended by the test')
      await statusWhere(cell, 'a', (s) => s.state !== 'starting' && s.restarts >= restarts)
    }
    await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    const rows = await rowsIn(path)
    const of = (instance: number) =>
      rows.filter(({ i = 0 }) => i === instance).flatMap(({ n }) => n ?? [])
    const instances = 'concurrency' in setup ? setup.concurrency : 1
    for (let i = 0; i < instances; i++) t.deepEqual(of(i), numbers(count))
  })
}
