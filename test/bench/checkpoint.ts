import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Catalog } from '#host/catalog/catalog.ts'
import { CheckpointStore } from '#host/checkpoints/store.ts'
import { compare, median } from '#test/bench/reference/compare.mjs'
import { Gate, gatedSource } from './rig/gated.ts'
import { BenchHost } from './rig/host.ts'

/*
 * A rule with about 10 MB of state that takes a checkpoint every second into the real store, against the same rule at
 * qos 0; and the pauses. Once with aggregates, and, for the record, once with a window that holds rows.
 * `node test/bench/checkpoint.ts`
 */

const WINDOW_MS = 3000
const cases = [
  {
    name: 'aggregates',
    keys: 200_000,
    sql: 'SELECT k, count(*) AS c, sum(v) AS s, max(v) AS m FROM demo GROUP BY k, TUMBLINGWINDOW(hh, 10)',
  },
  {
    name: 'rows in a window',
    keys: 60_000,
    sql: 'SELECT k, v FROM demo GROUP BY COUNTWINDOW(120000)',
  },
] as const

for (const { name, keys, sql } of cases) {
  const payloads = Array.from({ length: keys }, (_, i) =>
    Buffer.from(JSON.stringify({ k: `device-${String(i).padStart(6, '0')}`, v: i / 8 })),
  )
  const folder = await mkdtemp(join(tmpdir(), 'plutino-checkpoint-'))
  const catalog = new Catalog(folder)
  const store = new CheckpointStore(catalog.database, folder)
  const [sizes, pauses]: [number[], number[]] = [[], []]
  const gates = new Map<string, Gate>([0, 1].map((qos) => [`qos ${qos}`, new Gate()]))
  const host = new BenchHost({
    sources: [gatedSource(gates, payloads, true)],
    commit: async (key, checkpoint) => {
      sizes.push(checkpoint.state.byteLength)
      await store.commit(key, checkpoint)
    },
  })
  const ruleAt = async (qos: 0 | 1) => {
    const rule = `qos ${qos}`
    const definition = { id: rule, definition: '{}', triggered: true, temp: false }
    catalog.rules.put('default', definition, [], { epoch: 0, generation: 'bench' })
    const spec = host.specOf({ rule, sql, type: 'gated', datasource: rule, bufferLength: 4000 })
    const options = { ...spec.options, qos, checkpointIntervalMs: 1000 }
    await host.cell.deploy({ ...spec, options })
    return {
      async measure(ms: number) {
        const gate = gates.get(rule)
        const taken = async () =>
          Number((await host.status(rule)).metrics.source_demo_0_records_out_total)
        const before = await taken()
        const start = performance.now()
        gate?.set(true)
        await new Promise((resolve) => setTimeout(resolve, ms))
        gate?.set(false)
        const units = (await taken()) - before
        const took = performance.now() - start
        if (qos > 0) pauses.push(Number((await host.status(rule)).metrics.checkpoint_pause_ms))
        return { units, ms: took }
      },
    }
  }
  const [plain, kept] = [await ruleAt(0), await ruleAt(1)]
  const title = `checkpoint every second, ${name}, against qos 0 (must: 0.9 for aggregates)`
  await compare(title, kept, plain, { ms: WINDOW_MS, windows: 6, warmMs: 3000 })
  const megabytes = Math.max(...sizes) / 1e6
  const per = (pause: number) => ((pause * 10) / megabytes).toFixed(0)
  const [usual, longest] = [median(pauses), Math.max(...pauses)]
  console.log(
    `${name}: state ${megabytes.toFixed(1)} MB, ${sizes.length} checkpoints; pause per 10 MB: median ${per(usual)} ms, longest ${per(longest)} ms (must for aggregates: 50)`,
  )
  await host.close()
  catalog.close()
  await rm(folder, { recursive: true, force: true })
}
