import { createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { LocalCell } from '#host/cell/local-cell.ts'
import { processFolder } from '#test/fixtures/folder.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks, sources } from '../fixtures/cell/connectors.ts'
import { eventually, keyOf, outputFile, statusWhere } from '../fixtures/cell/rules.ts'
import { toldRule } from '../fixtures/cell/told-sink.ts'

const to = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test.serial(
  'rows for a plugin’s sink that is down go to its cache and follow in order, whatever becomes of the worker',
  async (t) => {
    const { cell } = cellOf(t)
    const told = toldRule({
      sink: { enableCache: true, memoryCacheThreshold: 10, bufferPageSize: 50, slowMs: 1 },
      count: 400,
      burst: 20,
      intervalMs: 5,
      options: { qos: 1, checkpointIntervalMs: 30 },
    })
    told.setDown(true)
    await cell.deploy(told.spec)
    const cached = (least: number) =>
      statusWhere(cell, 'a', ({ metrics }) => Number(metrics.sink_told_0_0_cache_length) >= least)
    await cached(60)
    await cell.endWorker(keyOf('a'), 'ended by the test')
    const status = await cached(400)
    t.deepEqual(told.numbers(), [])
    t.regex(String(status?.metrics.sink_told_0_0_last_exception), /nobody is there/)
    t.is(status?.metrics.sink_told_0_0_connection_status, -1)
    told.setDown(false)
    for (const least of [20, 150]) {
      await eventually(
        async () => told.numbers().length,
        (taken) => taken >= least,
      )
      await cell.endWorker(keyOf('a'), 'ended by the test')
    }
    const ended = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    t.is(ended?.message, 'done')
    t.deepEqual(told.numbers(), to(400))
    t.is(ended?.metrics.sink_told_0_0_records_out_total, 400)
    t.is(ended?.metrics.sink_told_0_0_dropped_total, 0)
  },
)

for (const accepts of ['bytes', 'rows'] as const) {
  test.serial(
    `what a plugin’s sink refuses is a dead letter with the reason, and the rest arrives: ${accepts}`,
    async (t) => {
      const { cell } = cellOf(t)
      const path = await outputFile()
      const told = toldRule({
        accepts,
        sink: { refused: [7, 30], deadLetter: { lines: { path, password: 'hidden' } } },
        count: 40,
        options: { qos: 1 },
      })
      await cell.deploy(told.spec)
      const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
      t.deepEqual(
        told.numbers(),
        to(40).filter((n) => n !== 7 && n !== 30),
      )
      const letters = readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      t.like(letters[0], { rule: 'a', action: 'told_0', sequence: 7, attempts: 1 })
      t.regex(letters[0].error, /^not this one/)
      t.deepEqual(
        letters.map(({ payload }) => JSON.parse(payload)),
        [[{ n: 7 }], [{ n: 30 }]],
      )
      t.is(status?.metrics.sink_told_0_0_dead_letters_total, 2)
      t.is(status?.metrics.sink_told_0_0_dropped_total, 0)
      t.false(told.props().includes('hidden'))
    },
  )
}

test.serial(
  'a payload that kills its worker is a dead letter, and those around it arrive',
  async (t) => {
    const { cell } = cellOf(t)
    const path = await outputFile()
    const told = toldRule({
      sink: { deadly: [25], deadLetter: { lines: { path } } },
      count: 60,
      burst: 20,
      options: { qos: 1 },
    })
    await cell.deploy(told.spec)
    const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    t.deepEqual(
      told.numbers(),
      to(60).filter((n) => n !== 25),
    )
    const letter = JSON.parse(readFileSync(path, 'utf8'))
    t.is(letter.error, 'the payload kills the worker of rule "a"')
    t.is(letter.payload, '[{"n":25}]')
    t.true((status?.deaths.length ?? 0) <= 4)
  },
)

test.serial(
  'a plugin’s sink is tried so many times as retryAttempts says, then the payload goes',
  async (t) => {
    const { cell } = cellOf(t)
    const told = toldRule({ sink: { retryAttempts: 3 }, count: 2, options: { qos: 1 } })
    told.setDown(true)
    await cell.deploy(told.spec)
    const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    t.is(status?.message, 'done')
    t.is(status?.metrics.sink_told_0_0_dropped_total, 2)
    t.is(status?.metrics.sink_told_0_0_exceptions_total, 6)
    t.deepEqual(told.taken(), [])
  },
)

const full = { enableCache: true, memoryCacheThreshold: 0, bufferPageSize: 10, maxDiskCache: 100 }

test.serial(
  'the full cache of a plugin’s sink drops the oldest where that is the policy, counted',
  async (t) => {
    const { cell } = cellOf(t)
    const told = toldRule({
      sink: { ...full, cacheFullPolicy: 'dropOldest' },
      count: 500,
      burst: 20,
      options: { qos: 1 },
    })
    told.setDown(true)
    await cell.deploy(told.spec)
    const waiting = await statusWhere(cell, 'a', ({ metrics }) => {
      return Number(metrics.sink_told_0_0_records_in_total) === 500
    })
    t.true(Number(waiting?.metrics.sink_told_0_0_cache_length) < 500)
    told.setDown(false)
    const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    const dropped = Number(status?.metrics.sink_told_0_0_cache_dropped_total)
    t.true(dropped > 0)
    const numbers = told.numbers()
    t.is(numbers.length, 500 - dropped)
    t.deepEqual(numbers.slice(-50), to(500).slice(-50))
    t.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    )
  },
)

test.serial('the full cache of a plugin’s sink makes the rule wait, and says so', async (t) => {
  const { cell } = cellOf(t)
  const told = toldRule({
    sink: full,
    count: 40_000,
    burst: 2000,
    intervalMs: 1,
    options: { qos: 1 },
  })
  told.setDown(true)
  await cell.deploy(told.spec)
  const trouble = /the cache of sink "told_0" is full: the rule waits for the sink/
  await statusWhere(cell, 'a', ({ message }) => trouble.test(message))
  told.setDown(false)
  await eventually(
    async () => told.numbers().length,
    (taken) => taken > 500,
  )
  await cell.stop(keyOf('a'))
  const numbers = told.numbers()
  t.deepEqual(numbers, to(numbers.length))
})

test.serial(
  'what is resent to a plugin’s sink is marked, and says where else it is to go',
  async (t) => {
    for (const accepts of ['bytes', 'rows'] as const) {
      const { cell } = cellOf(t)
      const resend = { resendIndicatorField: 'late', resendDestination: 'elsewhere' }
      const told = toldRule({
        accepts,
        sink: { enableCache: true, memoryCacheThreshold: 0, bufferPageSize: 1, ...resend },
        count: 5,
      })
      told.setDown(true)
      await cell.deploy(told.spec)
      await statusWhere(cell, 'a', ({ metrics }) => metrics.sink_told_0_0_cache_length === 5)
      told.setDown(false)
      await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
      t.deepEqual(
        told.taken().map(({ rows, destination }) => [rows, destination]),
        to(5).map((n) => [[{ n, late: true }], 'elsewhere']),
      )
    }
  },
)

test.serial(
  'a plugin’s sink that cannot connect keeps no rule from starting, and new versions go on with its cache',
  async (t) => {
    const { cell } = cellOf(t)
    const told = toldRule({
      sink: { enableCache: true },
      count: 300,
      burst: 10,
      intervalMs: 10,
      options: { qos: 1, checkpointIntervalMs: 50 },
    })
    told.setDown(true)
    await cell.deploy(told.spec)
    await statusWhere(cell, 'a', ({ metrics }) => Number(metrics.sink_told_0_0_cache_length) > 50)
    await cell.upgrade(told.spec)
    told.setDown(false)
    const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    t.is(status?.message, 'done')
    t.deepEqual(status?.deaths, [])
    t.deepEqual(told.numbers(), to(300))
  },
)

test.serial(
  'what waits in the cache of a plugin’s sink is kept when the rule stops and starts',
  async (t) => {
    const { cell, store } = cellOf(t)
    const told = toldRule({
      sink: { enableCache: true, memoryCacheThreshold: 0 },
      count: 100,
      burst: 10,
      options: { qos: 1 },
    })
    told.setDown(true)
    await cell.deploy(told.spec)
    await statusWhere(cell, 'a', ({ metrics }) => metrics.sink_told_0_0_cache_length === 100)
    await cell.stop(keyOf('a'))
    t.deepEqual(told.taken(), [])
    told.setDown(false)
    await cell.deploy({ ...told.spec, epoch: 2, checkpoint: store.get('a') })
    await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    t.deepEqual(told.numbers(), to(100))
    // They have the identity that they were emitted with.
    t.deepEqual(
      told.taken().map(({ rowId }) => rowId),
      to(100).map((n) => ({ epoch: 1, sequence: n, key: `a-first-told_0-${n}` })),
    )
  },
)

test.serial('payloads for a plugin’s sink are encrypted, and rows cannot be', async (t) => {
  const { cell } = cellOf(t)
  const key = randomBytes(16).toString('base64')
  const sink = { encryption: 'aes', encProps: { mode: 'gcm', key } }
  const path = await outputFile()
  const told = toldRule({ sink: { ...sink, deadLetter: { lines: { path } } }, count: 1 })
  await cell.deploy(told.spec)
  await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  // It wants JSON, and refuses what it gets.
  const { payloadBase64 } = JSON.parse(readFileSync(path, 'utf8'))
  const closed = Buffer.from(payloadBase64, 'base64')
  const open = createDecipheriv('aes-128-gcm', Buffer.from(key, 'base64'), closed.subarray(0, 12))
  open.setAuthTag(closed.subarray(-16))
  t.is(open.update(closed.subarray(12, -16)).toString() + open.final().toString(), '[{"n":1}]')
  t.false(told.props().includes(key))
  await t.throwsAsync(cell.deploy({ ...toldRule({ accepts: 'rows', sink }).spec, rule: 'b' }), {
    message: /sink "told" .*takes rows, which cannot be encrypted/,
  })
})

function cellOf(t: ExecutionContext) {
  const { environment, store } = memoryEnvironment()
  const cell = new LocalCell({
    environment,
    connectors: { sources, sinks },
    cacheFolder,
    dataFolder: processFolder(),
  })
  t.teardown(() => cell.close())
  return { cell, store }
}
