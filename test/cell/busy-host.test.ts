import test from 'ava'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment, workerEntry } from '#test/fixtures/cell/cells.ts'
import { sinks, sources } from '#test/fixtures/cell/connectors.ts'
import { keyOf, numbersRule, statusWhere } from '#test/fixtures/cell/rules.ts'

/** As it is in the product: no shorter deadlines. */
function productCell(): LocalCell {
  const { environment } = memoryEnvironment()
  return new LocalCell({
    environment,
    connectors: { sources, sinks },
    cacheFolder,
    entries: { bare: workerEntry },
  })
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test.serial(
  'the host’s event loop stands still for 5 s: nothing dies, whatever was under way',
  async (t) => {
    const cell = productCell()
    await cell.deploy(numbersRule({ rule: 'runs', intervalMs: 5 }))
    await cell.deploy(numbersRule({ rule: 'stops', intervalMs: 5 }))
    const starting = cell.deploy(numbersRule({ rule: 'starts', intervalMs: 5 }))
    const stopping = cell.stop(keyOf('stops'), { drainMs: 0 })
    // in the midst of it: what answers meanwhile is read after the timers
    for (let i = 0; i < 10; i++) await new Promise(setImmediate)
    standStill(5000)
    await Promise.all([starting, stopping])
    const health = await cell.health()
    t.deepEqual([health.degraded, health.stuckRules], [false, []])
    for (const rule of ['runs', 'starts']) {
      const status = await statusWhere(cell, rule, ({ state }) => state === 'running')
      t.deepEqual(status?.deaths, [], rule)
    }
    t.is((await cell.status(keyOf('stops')))?.state, 'stopped')
    await cell.close()
  },
)

test.serial('a thread that ends while the host stands still is not taken for stuck', async (t) => {
  const cell = productCell()
  await cell.deploy(numbersRule({ rule: 'a', intervalMs: 5 }))
  const ending = cell.endWorker(keyOf('a'), 'ended by the test')
  await new Promise(setImmediate)
  standStill(3000)
  await ending
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'running')
  t.deepEqual(
    status?.deaths.map(({ reason }) => reason),
    ['ended by the test'],
  )
  t.false((await cell.health()).degraded)
  await cell.close()
})

test.serial('a rule that is busy all the time is not ended for it', async (t) => {
  const { environment } = memoryEnvironment()
  const cell = new LocalCell({
    environment,
    connectors: { sources, sinks },
    cacheFolder,
    entries: { bare: workerEntry },
    watchdog: { silenceMs: 2000, nativeMs: 1500 },
  })
  // 600 ms of work for each of its tuples, one after the other, for longer than any silence that is borne
  const orders = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [n + 1, 'work']))
  await cell.deploy(numbersRule({ rule: 'a', count: 12, intervalMs: 600, orders }))
  const status = await statusWhere(cell, 'a', ({ message }) => message === 'done')
  t.deepEqual(status?.deaths, [])
  await cell.close()
})
