import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import type { Plan, RulePlan } from './plan.ts'
import { playRound } from './round.ts'

/** What rounds of chaos have found, made to happen: the host is killed before or between two checkpoints. */
function planOf(origin: Plan['origin'], at: number, rule: Partial<RulePlan>): Plan {
  const usual: RulePlan = {
    id: 'r1',
    qos: 2,
    shape: 'copy',
    checkpointMs: 1500,
    isChained: false,
    sinks: [{ type: 'file', props: {} }],
  }
  return {
    seed: 1,
    origin,
    isShared: false,
    rows: 500,
    burstMs: 120,
    troubles: {},
    rules: [{ ...usual, ...rule }],
    events: [{ kind: 'kill host', at, lasts: 0, rule: 'r1', jumpMs: 0 }],
  }
}

const lingering: RulePlan['sinks'] = [
  { type: 'rest', props: { batchSize: 7, lingerInterval: 300 } },
]

const cases: readonly (readonly [title: string, plan: Plan])[] = [
  ['windows by the clock over a file', planOf('file', 2600, { shape: 'clocked' })],
  ['batches that linger over a simulator', planOf('simulator', 2600, { sinks: lingering })],
  [
    'a lookup table behind a topic, before the first checkpoint',
    planOf('plugin, rewinds', 1100, { shape: 'lookup', isChained: true }),
  ],
]

for (const [title, plan] of cases) {
  test.serial(`${title}: each row comes once though the host is killed`, async (t) => {
    t.timeout(240_000)
    const { faults } = await playRound(1, { plan })
    t.deepEqual(faults, [])
  })
}

test.serial(
  'a rule with windows by the clock reads its file anew when its state is reset',
  async (t) => {
    t.timeout(300_000)
    const folder = makeFolder(t)
    const out = join(folder, 'out.jsonl')
    const rows = Array.from({ length: 300 }, (_, n) => `{"n":${n}}\n`)
    writeFileSync(join(folder, 'rows.jsonl'), rows.join(''))
    const host = await HostProcess.start(folder)
    t.teardown(() => host.kill())
    const props = { path: folder, fileType: 'lines', sendInterval: 2 }
    await host.send('PUT', '/metadata/sources/file/confKeys/rows', props)
    await host.send('POST', '/streams', {
      sql: 'CREATE STREAM rows (n BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
    })
    await host.send('POST', '/rules', {
      id: 'r',
      sql: 'SELECT count(*) AS c FROM rows GROUP BY TUMBLINGWINDOW(ms, 100)',
      actions: [{ file: { path: out, sendSingle: true } }],
      options: { qos: 1, checkpointInterval: '50ms' },
    })
    const counted = () => {
      const lines = readFileSync(out, 'utf8').split('\n').slice(0, -1)
      return lines.reduce((sum, line) => sum + Number(JSON.parse(line).c), 0)
    }
    const until = async (total: number) => {
      for (let i = 0; i < 4500 && counted() < total; i++) await sleep(20)
      await sleep(300)
      t.is(counted(), total)
    }
    await until(300)
    await host.send('POST', '/rules/r/reset_state')
    await host.send('POST', '/rules/r/start')
    await until(600)
    t.is(await host.stop(), 0)
  },
)
