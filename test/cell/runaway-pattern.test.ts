import test from 'ava'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { lookupContext } from '#test/connectors/lookup/context.ts'
import { payloadChunk } from '#test/fixtures/connector.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks } from '../fixtures/cell/connectors.ts'
import { lookupRule } from '../fixtures/cell/lookup-rule.ts'
import { eventually, keyOf, linesOf, outputFile } from '../fixtures/cell/rules.ts'

const S = 'CREATE STREAM s (a STRING, p STRING) WITH (DATASOURCE="s", TYPE="memory")'
const evil = { a: `${'a'.repeat(40)}!`, p: '^(a+)+$' }

for (const [what, expression] of [
  ['written in the statement', 'regexp_matches(a, "^(a+)+$")'],
  ['that comes in a row', 'regexp_matches(a, p)'],
] as const) {
  test.serial(`a pattern ${what} and never ends costs its row alone`, async (t) => {
    const builtin = createBuiltinConnectors()
    const cell = new LocalCell({
      environment: memoryEnvironment().environment,
      connectors: { ...builtin, sinks: new Map([...builtin.sinks, ...sinks]) },
      cacheFolder,
      watchdog: { silenceMs: 1000, nativeMs: 600 },
    })
    t.teardown(() => cell.close())
    const path = await outputFile()
    const sql = `SELECT a, ${expression} AS m FROM s`
    const rule = lookupRule({ rule: 'r', sql, definitions: [S], path })
    const restart = { attempts: 0, delayMs: 1, multiplier: 2, maxDelayMs: 100, jitterFactor: 0 }
    await cell.deploy({ ...rule, options: { ...rule.options, restart } })
    const sink = builtin.sinks.get('memory')?.create()
    sink?.configure({ topic: 's' })
    await sink?.open(lookupContext())
    const rows = [{ a: 'aaa', p: '^a+$' }, evil, { a: 'b', p: '^a+$' }]
    for (const row of rows) await sink?.collect(payloadChunk([JSON.stringify(row)]))
    const found = async () =>
      (await linesOf(path)).flatMap((line) => JSON.parse(line) as { a: string; m: boolean }[])
    const all = await eventually(found, (lines) => lines.some(({ a }) => a === 'b'))
    t.deepEqual(all.at(-1), { a: 'b', m: false })
    t.false(all.some(({ a }) => a === evil.a))
    const status = await cell.status(keyOf('r'))
    t.is(status?.state, 'running')
    t.true((status?.deaths.length ?? 0) >= 1)
  })
}

test('LIKE needs no more time for a hostile pattern', async (t) => {
  const { planStreams, runStreams } = await import('#test/flow/streams.ts')
  const pattern = `${'%a'.repeat(30)}%b`
  const sql = `SELECT a LIKE "${pattern}" AS m, a LIKE p AS n FROM s`
  t.truthy(planStreams(sql, { streams: [S] }))
  const start = performance.now()
  const payload = { a: 'a'.repeat(2000), p: pattern }
  t.deepEqual(runStreams(sql, [{ from: 's', payload, time: 1000 }], { streams: [S] }), [
    [{ m: false, n: false }],
  ])
  t.true(performance.now() - start < 5000)
})
