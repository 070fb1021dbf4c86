import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Catalog } from '#host/catalog/catalog.ts'
import { CheckpointStore } from '#host/checkpoints/store.ts'
import { Gate, gatedSource } from './rig/gated.ts'
import { BenchHost } from './rig/host.ts'

/*
 * From the start of a cell until a rule has caught up that finds a checkpoint of about 100 MB and a million tuples in its
 * spool that came after it. Must: 15 s. `node test/bench/recovery.ts`
 */

const KEYS = 700_000
const SPOOLED = 1_000_000
const key = { tenant: 'default', rule: 'rule' }
const sql =
  'SELECT k, count(*) AS c, sum(v) AS s, max(v) AS m FROM demo GROUP BY k, TUMBLINGWINDOW(hh, 10)'

const pad = 'x'.repeat(100)
const payloads = Array.from({ length: KEYS }, (_, i) =>
  Buffer.from(JSON.stringify({ k: `device-${String(i).padStart(6, '0')}-${pad}`, v: i / 8 })),
)
const folder = await mkdtemp(join(tmpdir(), 'plutino-recovery-'))
const catalog = new Catalog(folder)
const store = new CheckpointStore(catalog.database, folder)
const definition = { id: key.rule, definition: '{}', triggered: true, temp: false }
catalog.rules.put(key.tenant, definition, [], { epoch: 0, generation: 'bench' })

/** @param isDying it commits nothing any more, as one that is killed */
async function life(epoch: number, isDying: () => boolean) {
  const gate = new Gate()
  const host = new BenchHost({
    sources: [gatedSource(new Map([['rule', gate]]), payloads, false)],
    dataFolder: folder,
    commit: (rule, checkpoint) =>
      isDying() ? Promise.reject(new Error('it dies')) : store.commit(rule, checkpoint),
  })
  const spec = host.specOf({ sql, type: 'gated', datasource: 'rule' })
  const options = { ...spec.options, qos: 1, checkpointIntervalMs: 0 } as const
  const checkpoint = await store.newest(key)
  const rule = { ...spec, options, epoch, checkpoint }
  const figure = async (name: string) =>
    Number((await host.status()).metrics[`source_demo_0_${name}`])
  const reaches = async (name: string, wanted: number) => {
    while ((await figure(name)) < wanted) await sleep(50)
  }
  return { host, rule, gate, reaches, figure }
}

let isDying = false
const first = await life(0, () => isDying)
await first.host.cell.deploy(first.rule)
first.gate.set(true)
await first.reaches('records_out_total', KEYS)
const { bytes } = await first.host.cell.checkpoint(key)
isDying = true
const covered = await first.figure('records_in_total')
await first.reaches('records_in_total', covered + SPOOLED)
first.gate.set(false)
await first.host.close()

const start = performance.now()
const second = await life(0, () => false)
await second.host.cell.deploy(second.rule)
const deployed = performance.now() - start
await second.reaches('records_out_total', SPOOLED)
const seconds = (performance.now() - start) / 1000
console.log(
  `recovery of ${SPOOLED} spooled tuples over a state of ${(bytes / 1e6).toFixed(0)} MB: ${seconds.toFixed(1)} s (must: 15), of them ${(deployed / 1000).toFixed(1)} s until the state was there`,
)
await second.host.close()
catalog.close()
await rm(folder, { recursive: true, force: true })
