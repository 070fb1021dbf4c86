import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { DeployOptions, RuleSpec } from '#host/cell/cell.ts'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment, workerEntry } from '#test/fixtures/cell/cells.ts'
import { sinks, sources } from '#test/fixtures/cell/connectors.ts'
import {
  eventually,
  keyOf,
  linesOf,
  numbersRule,
  outputFile,
  statusWhere,
} from '#test/fixtures/cell/rules.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { planOf } from '#test/flow/rule.ts'

function cellOf(t: ExecutionContext, dataFolder = makeFolder(t)) {
  const { environment, store, lines } = memoryEnvironment()
  const builtin = createBuiltinConnectors()
  const cell = new LocalCell({
    environment,
    connectors: { ...builtin, sources, sinks: new Map([...builtin.sinks, ...sinks]) },
    cacheFolder,
    dataFolder,
  })
  t.teardown(() => cell.close())
  return { cell, store, lines, dataFolder }
}

interface Setup {
  readonly rule?: string
  readonly path: string
  readonly count?: number
  readonly burst?: number
  readonly shared?: boolean
  readonly refuse?: number
  /** Nothing is taken until there is such a file. */
  readonly gate?: string
  readonly spoolLimit?: number
  readonly bufferLength?: number
  readonly action?: 'file' | 'lines'
  readonly options?: Partial<DeployOptions>
}

/** Numbers from a source that cannot go back, copied into a file. */
function copyRule({ rule = 'a', path, options, action = 'file', ...setup }: Setup): RuleSpec {
  const made = numbersRule({
    rule,
    type: 'stream',
    count: setup.count ?? 0,
    burst: setup.burst ?? 20,
    shared: setup.shared,
    sink: { path },
    options: { qos: 1, checkpointIntervalMs: 40, ...options },
  })
  const plan = planOf('SELECT n FROM demo', { actions: [{ type: action, props: {} }] })
  return {
    ...made,
    plan,
    actions: [{ type: action, props: { path, refuse: setup.refuse ?? 0, gate: setup.gate } }],
    sources: made.sources.map((source) => ({
      ...source,
      props: { ...source.props, json: true },
      spoolLimit: setup.spoolLimit,
      bufferLength: setup.bufferLength ?? source.bufferLength,
    })),
  }
}

async function numbersIn(path: string): Promise<number[]> {
  const lines = await linesOf(path)
  return lines.flatMap((line) => [JSON.parse(line)].flat().map(({ n }: { n: number }) => n))
}

function to(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1)
}

test('a source that cannot go back loses nothing and doubles nothing in a file when the worker dies again and again', async (t) => {
  const { cell } = cellOf(t)
  const path = await outputFile()
  await cell.deploy(copyRule({ path, count: 8000 }))
  for (const read of [800, 2500, 4500]) {
    await statusWhere(cell, 'a', ({ metrics }) => {
      return Number(metrics.source_numbers_0_records_out_total) > read
    })
    await cell.endWorker(keyOf('a'), 'ended by the test')
    await statusWhere(cell, 'a', ({ state }) => state !== 'starting')
  }
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.is(status?.restarts, 3)
  t.deepEqual(await numbersIn(path), to(8000))
})

test('a rule that is stopped and deployed again goes on behind its checkpoint, from the spool', async (t) => {
  const { cell, store } = cellOf(t)
  const path = await outputFile()
  // without a checkpoint at the stop: what was read since the last one is read again
  const rule = copyRule({ path, options: { checkpointIntervalMs: 0, saveStateBeforeStop: false } })
  await cell.deploy(rule)
  await statusWhere(
    cell,
    'a',
    ({ metrics }) => Number(metrics.source_numbers_0_records_in_total) > 500,
  )
  await cell.checkpoint(keyOf('a'))
  await statusWhere(
    cell,
    'a',
    ({ metrics }) => Number(metrics.source_numbers_0_records_in_total) > 1000,
  )
  await cell.stop(keyOf('a'))
  const written = (await numbersIn(path)).length
  const checkpoint = store.get('a')
  t.truthy(checkpoint)
  await cell.deploy({ ...rule, checkpoint, epoch: 2 })
  // this source counts from 1 again in each life: as many as were in the spool come before its first
  await eventually(
    () => numbersIn(path),
    (numbers) => numbers.length > written + 100,
  )
  const numbers = await numbersIn(path)
  const again = numbers.indexOf(1, 1)
  t.true(again >= written)
  t.deepEqual(numbers.slice(0, again), to(again))
})

test('on a shared stream a rule that is stuck stalls no other one, and catches up from the spool', async (t) => {
  const { cell } = cellOf(t)
  const [fast, slow] = [await outputFile(), await outputFile()]
  const shared = { shared: true, bufferLength: 300, burst: 50, action: 'lines' } as const
  const gate = join(makeFolder(t), 'gate')
  await Promise.all([
    cell.deploy(copyRule({ ...shared, path: fast, count: 15_000 })),
    cell.deploy(copyRule({ ...shared, rule: 'b', path: slow, count: 15_000, gate })),
  ])
  await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.deepEqual(await numbersIn(slow), [])
  writeFileSync(gate, '')
  t.deepEqual(await numbersIn(fast), to(15_000))
  await statusWhere(cell, 'b', ({ state }) => state === 'stopped')
  t.deepEqual(await numbersIn(slow), to(15_000))
})

test('a spool that has reached its limit pauses the source, and the status says which rule holds it', async (t) => {
  const { cell } = cellOf(t)
  const [fast, slow] = [await outputFile(), await outputFile()]
  const shared = {
    shared: true,
    bufferLength: 2000,
    burst: 100,
    action: 'lines',
    spoolLimit: 200_000,
  } as const
  const gate = join(makeFolder(t), 'gate')
  await Promise.all([
    cell.deploy(copyRule({ ...shared, path: fast })),
    cell.deploy(copyRule({ ...shared, rule: 'b', path: slow, gate })),
  ])
  const status = await statusWhere(cell, 'a', ({ message }) => message !== '')
  t.regex(
    status?.message ?? '',
    /stream "numbers" is paused: its spool has reached spoolLimit \(200000 bytes\); rule "b" holds it/,
  )
  writeFileSync(gate, '')
  const stopped = (await numbersIn(fast)).length
  await statusWhere(cell, 'a', ({ message }) => message === '')
  await eventually(
    () => numbersIn(fast),
    ({ length }) => length > stopped + 5000,
  )
  const numbers = await numbersIn(slow)
  t.deepEqual(numbers, to(numbers.length))
})

test('half of spoolLimit without a checkpoint is a reason to take one', async (t) => {
  const { cell, store } = cellOf(t)
  const path = await outputFile()
  const options = { checkpointIntervalMs: 1_000_000 }
  await cell.deploy(copyRule({ path, burst: 100, spoolLimit: 100_000, options }))
  await eventually(
    () => numbersIn(path),
    ({ length }) => length > 9000,
  )
  t.true((store.get('a')?.sources[0]?.sequence ?? 0) > 1000)
})

test('a rule that is dropped gives up its place: the others go on', async (t) => {
  const { cell } = cellOf(t)
  const [fast, slow] = [await outputFile(), await outputFile()]
  const shared = { shared: true, burst: 100, action: 'lines', spoolLimit: 200_000 } as const
  await Promise.all([
    cell.deploy(copyRule({ ...shared, path: fast })),
    cell.deploy(copyRule({ ...shared, rule: 'b', path: slow, refuse: 1000 })),
  ])
  await statusWhere(cell, 'a', ({ message }) => message !== '')
  await cell.stop(keyOf('b'))
  await sleep(50)
  const stopped = (await numbersIn(fast)).length
  t.regex((await cell.status(keyOf('a')))?.message ?? '', /rule "b" holds it/)
  await cell.forget(keyOf('b'))
  await eventually(
    () => numbersIn(fast),
    ({ length }) => length > stopped + 5000,
  )
  t.is((await cell.status(keyOf('a')))?.message, '')
})

test('a tuple that kills is set aside and kept, and all others arrive', async (t) => {
  const { environment } = memoryEnvironment()
  const dataFolder = makeFolder(t)
  const cell = new LocalCell({
    environment,
    connectors: { ...createBuiltinConnectors(), sources, sinks },
    cacheFolder,
    dataFolder,
    entries: { bare: workerEntry },
  })
  t.teardown(() => cell.close())
  const path = await outputFile()
  await cell.deploy(
    numbersRule({
      rule: 'a',
      type: 'stream',
      count: 600,
      burst: 10,
      orders: { 300: 'exit' },
      sink: { path },
      options: { qos: 1, checkpointIntervalMs: 30 },
    }),
  )
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.is(status?.metrics.source_numbers_0_set_aside_total, 1)
  const numbers = new Set((await linesOf(path)).map(Number))
  t.deepEqual(
    [...numbers],
    to(600).filter((n) => n !== 300),
  )
  const kept = readFileSync(join(dataFolder, 'set-aside', 'default', 'a.jsonl'), 'utf8')
  const { stream, sequence, payload } = JSON.parse(kept)
  t.deepEqual(
    [stream, sequence, Buffer.from(payload, 'base64').toString()],
    ['numbers', 300, 'exit'],
  )
})
