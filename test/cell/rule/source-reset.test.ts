import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { localCell } from '../../fixtures/cell/cells.ts'
import {
  diskCell,
  type RewindingRule,
  rewindingRule,
  rowsIn,
  spoolsIn,
} from '../../fixtures/cell/rewinding-rule.ts'
import { eventually, keyOf, numbersRule, statusWhere } from '../../fixtures/cell/rules.ts'

const key = keyOf('a')
/** More than it comes to. */
const endless = { count: 10_000_000, isEndless: true, pace: 20, bufferLength: 500 }

interface WrittenRow {
  readonly n: number
  readonly i: number
}

/** First numbers of the stretches in which each row is one more than the one before, of one instance. */
function begins(rows: readonly WrittenRow[], instance = 0): number[] {
  const numbers = rows.filter(({ i }) => i === instance).map(({ n }) => n)
  return numbers.filter((n, at) => at === 0 || n !== (numbers[at - 1] ?? 0) + 1)
}

function counting(path: string, least: (rows: readonly WrittenRow[]) => boolean) {
  return eventually(() => rowsIn(path), least)
}

const upTo = (n: number, more: number) => (rows: readonly WrittenRow[]) =>
  rows.filter((row) => row.n >= n && row.n < n + more).length >= more

const setups: readonly (readonly [string, Partial<RewindingRule>])[] = [
  ['a source that goes back', {}],
  ['rows in arrays', { batch: 7 }],
  ['a source with a spool', { rewinds: false }],
  ['several instances', { concurrency: 3 }],
]

for (const qos of [1, 2] as const) {
  for (const [what, setup] of setups) {
    test.serial(
      `qos ${qos}, ${what}: reset forward and back, its worker killed right after each answer: it goes on from there, each row once`,
      async (t) => {
        t.timeout(300_000)
        const { cell, dataFolder } = diskCell(t)
        const path = join(makeFolder(t), 'out.jsonl')
        const options = { qos, checkpointIntervalMs: 0 }
        await cell.deploy(rewindingRule({ ...endless, ...setup, path, options }))
        await counting(path, upTo(1, 300))
        let restarts = 0
        for (const next of [100_000, 5]) {
          await cell.resetSource(key, { stream: 'demo', input: { next } })
          const before = await rowsIn(path)
          await cell.endWorker(key, 'ended by the test')
          restarts++
          await statusWhere(cell, 'a', (s) => s.state === 'running' && s.restarts >= restarts)
          await counting(path, (rows) => upTo(next, 300)(rows.slice(before.length - 1)))
        }
        await cell.stop(key)
        const rows = await rowsIn(path)
        for (let i = 0; i < (setup.concurrency ?? 1); i++) {
          t.deepEqual(begins(rows, i), [1, 100_000, 5])
        }
        t.is(spoolsIn(dataFolder).length > 0, 'rewinds' in setup || 'concurrency' in setup)
      },
    )
  }
}

test.serial(
  'qos 0: reset forward and back: it goes on from there, and after the death of its worker, too',
  async (t) => {
    t.timeout(300_000)
    const { cell } = diskCell(t)
    const path = join(makeFolder(t), 'out.jsonl')
    await cell.deploy(rewindingRule({ ...endless, path, options: { qos: 0 } }))
    await counting(path, upTo(1, 300))
    for (const next of [100_000, 5]) {
      await cell.resetSource(key, { stream: 'demo', input: { next } })
      const { length } = await rowsIn(path)
      await counting(path, (rows) => upTo(next, 300)(rows.slice(length - 1)))
    }
    const rows = await rowsIn(path)
    t.deepEqual(begins(rows), [1, 100_000, 5])
    await cell.resetSource(key, { stream: 'demo', input: { next: 700_000 } })
    await cell.endWorker(key, 'ended by the test')
    await counting(path, (all) => all.some(({ n }) => n >= 700_300))
    const after = (await rowsIn(path)).slice(rows.length).map(({ n }) => n)
    const first = after.findIndex((n) => n >= 700_000)
    t.true(after.slice(first).every((n) => n >= 700_000))
  },
)

test.serial('the state of the rule stays: its operators go on with what they hold', async (t) => {
  t.timeout(300_000)
  const { cell } = diskCell(t)
  const path = join(makeFolder(t), 'out.jsonl')
  const sql = 'SELECT n, i, lag(n) AS version FROM demo'
  await cell.deploy(rewindingRule({ ...endless, path, sql, options: { qos: 2 } }))
  await counting(path, upTo(1, 300))
  await cell.resetSource(key, { stream: 'demo', input: { next: 100_000 } })
  await counting(path, upTo(100_000, 10))
  const rows = await rowsIn(path)
  const at = rows.findIndex(({ n }) => n === 100_000)
  t.is(rows[at]?.version as unknown, rows[at - 1]?.n)
})

for (const [what, setup] of setups) {
  test.serial(`${what}: with what resetOffset throws it goes on as before`, async (t) => {
    t.timeout(300_000)
    const { cell } = diskCell(t)
    const path = join(makeFolder(t), 'out.jsonl')
    await cell.deploy(rewindingRule({ ...endless, ...setup, path, options: { qos: 2 } }))
    await counting(path, upTo(1, 200))
    const reset = cell.resetSource(key, { stream: 'demo', input: { next: -1 } })
    t.like(await t.throwsAsync(reset), {
      code: 'not-resettable',
      message:
        'rule "a" runs on as before, source "counting" of stream "demo" was not reset: no row -1',
    })
    const { length } = await rowsIn(path)
    await counting(path, (rows) => rows.length >= length + 300)
    await cell.endWorker(key, 'ended by the test')
    const last = (await rowsIn(path)).length
    await counting(path, (rows) => rows.length >= last + 300)
    const rows = await rowsIn(path)
    for (let i = 0; i < (setup.concurrency ?? 1); i++) t.deepEqual(begins(rows, i), [1])
  })
}

test.serial('what cannot be reset is refused by name, and the rule runs on', async (t) => {
  const { cell } = diskCell(t)
  const path = join(makeFolder(t), 'out.jsonl')
  await cell.deploy(rewindingRule({ ...endless, path, resets: false }))
  const handle = await cell.status(key)
  const reset = (stream: string) => cell.resetSource(key, { stream, input: { next: 7 } })
  t.like(await t.throwsAsync(reset('demp')), {
    code: 'unknown-stream',
    message: 'rule "a" reads no stream "demp"; did you mean "demo"?',
  })
  const error = await t.throwsAsync(reset('demo'))
  t.like(error, { code: 'not-resettable' })
  t.regex(error.message, /stream "demo" has source "counting" of plugin .* no resetOffset/)
  t.is((await cell.status(key))?.restarts, handle?.restarts)
  await counting(path, upTo(1, 50))
  t.deepEqual(begins(await rowsIn(path)), [1])
  await cell.stop(key)
  t.like(await t.throwsAsync(reset('demo')), { code: 'not-swapped' })
})

test.serial('a source that is built in is refused by name, shared or not', async (t) => {
  const { cell } = localCell()
  t.teardown(() => cell.close())
  for (const shared of [false, true]) {
    const rule = shared ? 'b' : 'a'
    await cell.deploy(numbersRule({ rule, shared, intervalMs: 1, count: 1_000_000 }))
    const reset = cell.resetSource(keyOf(rule), { stream: 'numbers', input: {} })
    const error = await t.throwsAsync(reset)
    t.like(error, { code: 'not-resettable' })
    t.regex(error.message, /stream "numbers" has the built-in source "numbers"/)
    t.is(error.message.includes('shared by several rules'), shared)
    t.is((await cell.status(keyOf(rule)))?.state, 'running')
  }
})

test.serial('a source that fails at once where it was sent ends the rule by error', async (t) => {
  const { cell } = diskCell(t)
  const path = join(makeFolder(t), 'out.jsonl')
  await cell.deploy(rewindingRule({ ...endless, path, failsAt: 100_000 }))
  await counting(path, upTo(1, 50))
  await cell.resetSource(key, { stream: 'demo', input: { next: 100_000 } })
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped by error')
  t.regex(status?.message ?? '', /it fails there/)
  t.deepEqual(begins(await rowsIn(path)), [1])
})
