import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { RuleSpec } from '#host/cell/cell.ts'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment } from '#test/fixtures/cell/cells.ts'
import { sources } from '#test/fixtures/cell/connectors.ts'
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

function cellOn(t: ExecutionContext, dataFolder: string) {
  const { environment, store } = memoryEnvironment()
  const builtin = createBuiltinConnectors()
  const cell = new LocalCell({
    environment,
    connectors: { ...builtin, sources: new Map([...builtin.sources, ...sources]) },
    cacheFolder,
    dataFolder,
  })
  t.teardown(() => cell.close())
  return { cell, store }
}

const options = { qos: 1, checkpointIntervalMs: 50 } as const

/** Numbers from 1 to `count` into topic `mid`. */
function writerRule(count: number): RuleSpec {
  const made = numbersRule({ rule: 'writer', type: 'numbers', count, burst: 20, options })
  const action = { type: 'memory', props: { topic: 'mid' } }
  return {
    ...made,
    plan: planOf('SELECT n FROM demo', { actions: [action] }),
    actions: [action],
    sources: made.sources.map((source) => ({ ...source, props: { ...source.props, json: true } })),
  }
}

function readerRule(path: string, { shared = false, rule = 'reader' } = {}): RuleSpec {
  const made = numbersRule({ rule, type: 'stream', options, shared })
  const action = { type: 'file', props: { path } }
  return {
    ...made,
    plan: planOf('SELECT n FROM demo', { actions: [action] }),
    actions: [action],
    sources: made.sources.map((source) => ({
      ...source,
      type: 'memory',
      datasource: 'mid',
      props: {},
      stream: 'mid',
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

for (const shared of [false, true]) {
  const kind = shared ? 'of a shared stream' : 'of a stream'
  test(`what is written to a memory topic while a reader ${kind} at qos 1 is stopped is read when it starts again`, async (t) => {
    const { cell, store } = cellOn(t, makeFolder(t))
    const path = await outputFile()
    const reader = readerRule(path, { shared })
    await cell.deploy(reader)
    await cell.deploy(writerRule(4000))
    await eventually(
      () => numbersIn(path),
      ({ length }) => length > 300,
    )
    await cell.stop(keyOf('reader'))
    const stopped = (await numbersIn(path)).length
    // the writer goes on to its end, and nobody holds it up
    await statusWhere(cell, 'writer', ({ state }) => state === 'stopped')
    t.is((await numbersIn(path)).length, stopped)
    await cell.deploy({ ...reader, checkpoint: store.get('reader'), epoch: 2 })
    await eventually(
      () => numbersIn(path),
      (numbers) => new Set(numbers).size >= 4000,
    )
    t.deepEqual(await numbersIn(path), to(4000))
  })
}

test('a writer that starts before its reader in the next life of the host loses nothing', async (t) => {
  const dataFolder = makeFolder(t)
  const path = await outputFile()
  const reader = readerRule(path)
  const first = cellOn(t, dataFolder)
  await first.cell.deploy(reader)
  await first.cell.stop(keyOf('reader'))
  await first.cell.close()
  const second = cellOn(t, dataFolder)
  await second.cell.deploy(writerRule(500))
  await statusWhere(second.cell, 'writer', ({ state }) => state === 'stopped')
  await second.cell.close()
  const third = cellOn(t, dataFolder)
  await third.cell.deploy({ ...reader, checkpoint: first.store.get('reader'), epoch: 2 })
  await eventually(
    () => numbersIn(path),
    ({ length }) => length >= 500,
  )
  t.deepEqual(await numbersIn(path), to(500))
})

test('nobody writes for a reader that is dropped, and its spool goes', async (t) => {
  const dataFolder = makeFolder(t)
  const { cell } = cellOn(t, dataFolder)
  const path = await outputFile()
  await cell.deploy(readerRule(path))
  await cell.stop(keyOf('reader'))
  t.is(readdirSync(join(dataFolder, 'spools')).length, 1)
  await cell.forget(keyOf('reader'))
  t.deepEqual(readdirSync(join(dataFolder, 'spools')), [])
  await cell.deploy(writerRule(300))
  await statusWhere(cell, 'writer', ({ state }) => state === 'stopped')
  t.deepEqual(await numbersIn(path), [])
})

test('a rule that reads another stream from now on gives up its place in the first one', async (t) => {
  const dataFolder = makeFolder(t)
  const { cell } = cellOn(t, dataFolder)
  const path = await outputFile()
  const reader = readerRule(path)
  await cell.deploy(reader)
  await cell.stop(keyOf('reader'))
  const [source] = reader.sources
  if (source === undefined) throw new Error('no source')
  const other = { ...source, stream: 'other', datasource: 'other' }
  await cell.deploy({ ...reader, sources: [other], epoch: 2 })
  t.is(readdirSync(join(dataFolder, 'spools')).length, 1)
  await cell.deploy(writerRule(100))
  await statusWhere(cell, 'writer', ({ state }) => state === 'stopped')
  await sleep(20)
  t.deepEqual(await numbersIn(path), [])
})
