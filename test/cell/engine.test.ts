import test from 'ava'
import type { DeployOptions, RuleSpec } from '#host/cell/cell.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { planOf } from '#test/flow/rule.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks, sources } from '../fixtures/cell/connectors.ts'
import {
  eventually,
  keyOf,
  linesOf,
  numbersRule,
  outputFile,
  statusWhere,
} from '../fixtures/cell/rules.ts'

test.serial('rows are filtered and computed by the real engine in its own worker', async (t) => {
  const cell = cellOf()
  const path = await outputFile()
  const sql = 'SELECT n, n * 2 AS d FROM demo WHERE n % 2 = 0'
  await cell.deploy(ruleOf(sql, { count: 1000, path }))
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.is(status?.message, 'done')
  const rows = (await linesOf(path)).flatMap((line) => JSON.parse(line))
  t.deepEqual(rows.length, 500)
  t.deepEqual(rows.at(-1), { n: 1000, d: 2000 })
  await cell.close()
})

test.serial('a window closes by the clock when no row comes', async (t) => {
  const cell = cellOf()
  const path = await outputFile()
  const sql = 'SELECT count(*) AS c FROM demo GROUP BY TUMBLINGWINDOW(ms, 100)'
  const rule = ruleOf(sql, { count: 3, path })
  const [source] = rule.sources
  // Never at its end, and silent after three rows.
  const props = { ...source?.props, count: 0, burst: 3, intervalMs: 1_000_000 }
  await cell.deploy({ ...rule, sources: rule.sources.map((spec) => ({ ...spec, props })) })
  const lines = await eventually(
    () => linesOf(path),
    ({ length }) => length > 0,
  )
  t.deepEqual(
    lines.flatMap((line) => JSON.parse(line)),
    [{ c: 3 }],
  )
  await cell.close()
})

test.serial(
  'a window that spans the death of its worker is whole: state and rows come back',
  async (t) => {
    const cell = cellOf()
    const path = await outputFile()
    const sql = 'SELECT sum(n) AS s FROM demo GROUP BY COUNTWINDOW(50)'
    const options = { qos: 1 as const, checkpointIntervalMs: 25 }
    await cell.deploy(ruleOf(sql, { count: 3000, path, options }))
    for (const half of [500, 1500]) {
      const read = (n: unknown) => Number(n) > half
      await statusWhere(cell, 'a', ({ metrics }) =>
        read(metrics.source_numbers_0_records_out_total),
      )
      await statusWhere(cell, 'a', ({ checkpoint }) => checkpoint !== undefined)
      await cell.endWorker(keyOf('a'), 'ended by the test')
      await statusWhere(cell, 'a', ({ state }) => state !== 'starting')
    }
    const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    const sums = new Set(
      (await linesOf(path)).flatMap((line) => JSON.parse(line).map(({ s }: { s: number }) => s)),
    )
    t.deepEqual(
      [...sums].sort((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => 50 * (50 * i) + 1275),
    )
    t.deepEqual(
      status?.deaths.map(({ reason }) => reason),
      ['ended by the test', 'ended by the test'],
    )
    await cell.close()
  },
)

function cellOf(): LocalCell {
  const { environment } = memoryEnvironment()
  return new LocalCell({ environment, connectors: { sources, sinks }, cacheFolder })
}

interface Setup {
  readonly count: number
  readonly path: string
  readonly options?: Partial<DeployOptions>
}

function ruleOf(sql: string, { count, path, options }: Setup): RuleSpec {
  const rule = numbersRule({
    rule: 'a',
    count,
    burst: 20,
    sink: { path },
    ...(options && { options }),
  })
  const plan = planOf(sql, { actions: [{ type: 'lines', props: {} }] })
  const props = { ...rule.sources[0]?.props, json: true }
  return { ...rule, plan, sources: rule.sources.map((spec) => ({ ...spec, props })) }
}
