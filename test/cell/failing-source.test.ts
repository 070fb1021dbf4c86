import test, { type ExecutionContext } from 'ava'
import { LocalCell } from '#host/cell/local-cell.ts'
import { processFolder } from '#test/fixtures/folder.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks, sources } from '../fixtures/cell/connectors.ts'
import { statusWhere } from '../fixtures/cell/rules.ts'
import { toldRule } from '../fixtures/cell/told-sink.ts'

test('a worker that goes because a source fails, again and again, is not the fault of the payload that a slow sink has in hand', async (t) => {
  t.timeout(300_000)
  const { cell } = cellOf(t)
  const told = toldRule({
    // longer than any life of the worker
    sink: { slowMs: 300_000 },
    orders: { 10: 'source fails' },
    intervalMs: 20,
    count: 20,
    options: {
      qos: 1,
      restart: { attempts: 6, delayMs: 50, multiplier: 1, maxDelayMs: 50, jitterFactor: 0 },
    },
  })
  await cell.deploy(told.spec)
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped by error')
  t.regex(String(status?.message), /the source gave up; all 6 attempts/)
  t.is(status?.metrics.sink_told_0_0_dropped_total, 0)
})

function cellOf(t: ExecutionContext) {
  const { environment } = memoryEnvironment()
  const dataFolder = processFolder()
  const connectors = { sources, sinks }
  const cell = new LocalCell({ environment, connectors, cacheFolder, dataFolder })
  t.teardown(() => cell.close())
  return { cell }
}
