import test, { type ExecutionContext } from 'ava'
import { entryOf, type Tier } from './bundle.ts'
import { RuleThread, type TestRule } from './rule-thread.ts'

const rows = Array.from({ length: 400 }, (_, i) => ({ device: `d${i % 50}`, heat: i % 100 }))

/** CPU time of the worker per row, µs: the median of several rounds, after some to warm up. */
async function cpuPerRow(
  t: ExecutionContext,
  tier: Tier,
  rule: Partial<TestRule>,
): Promise<number> {
  const sql = 'SELECT device, heat * 1.8 + 32 AS f FROM demo WHERE heat > 20'
  const thread = new RuleThread({ entry: await entryOf(tier), tier, sql, ...rule })
  t.teardown(() => thread.end())
  await thread.open()
  const rounds: number[] = []
  for (let round = 0; round < 15; round++) {
    const before = await thread.remote.metrics(1)
    for (let i = 0; i < 20; i++) await thread.collect(rows)
    const after = await thread.remote.metrics(1)
    rounds.push((after.cpuUs - before.cpuUs) / (20 * rows.length))
  }
  return rounds.slice(5).toSorted((a, b) => a - b)[5] as number
}

test.serial('the locked realm does not slow the engine down', async (t) => {
  const bare = await cpuPerRow(t, 'bare', {})
  const locked = await cpuPerRow(t, 'sandboxed', {})
  t.log(`bare ${bare.toFixed(2)} µs a row, locked ${locked.toFixed(2)} µs`)
  t.true(locked < bare * 10, `${locked} µs a row instead of ${bare}`)
})

test.serial('a function in a compartment costs a row microseconds at most', async (t) => {
  const without = await cpuPerRow(t, 'sandboxed', {})
  const withPlugin = await cpuPerRow(t, 'sandboxed', {
    sql: 'SELECT device, f(heat) AS f FROM demo WHERE heat > 20',
    plugins: [
      {
        kind: 'function',
        name: 'f',
        text: 'exports.f = { exec: ([x]) => x * 1.8 + Math.abs(32) }',
      },
    ],
  })
  t.log(`${without.toFixed(2)} µs a row without, ${withPlugin.toFixed(2)} µs with it`)
  t.true(withPlugin - without < 5, `${withPlugin} µs a row instead of ${without}`)
})
