import { setTimeout as sleep } from 'node:timers/promises'
import type {
  ConnectorType,
  SinkConnector,
  SourceConnector,
} from '#host/cell/connectors/connector.ts'
import { median } from '#test/bench/reference/compare.mjs'
import { bareWorkerStart } from '#test/bench/reference/host.mjs'
import { BenchHost, type BenchRule, filterProjectSql, plusPlugin } from './rig/host.ts'
import { report, spread } from './rig/print.ts'

/*
 * From `deploy` to the first range that a rule's worker has acknowledged, with a booted spare and without, with plugin
 * and without. The source writes one tuple as soon as it is opened. A bare worker's start in the same run beside it.
 */

const rounds = Number(process.env.ROUNDS ?? 9)
const payload = Buffer.from('{"deviceId":"d","temperature":30,"status":"ok","ts":1}')

class OneTuple implements SourceConnector {
  configure(): void {}
  async open(...[context, writer]: Parameters<SourceConnector['open']>): Promise<void> {
    context.connection('connected')
    writer.write(payload, 0, payload.length)
    writer.ring()
  }
  async close(): Promise<void> {}
}

let emitted: () => void = () => {}

class FirstEmission implements SinkConnector {
  configure(): void {}
  async open(...[context]: Parameters<SinkConnector['open']>): Promise<void> {
    context.connection('connected')
  }
  collect(): void {
    emitted()
  }
  async close(): Promise<void> {}
}

const oneTuple: ConnectorType<SourceConnector> = { name: 'memory', create: () => new OneTuple() }
const first: ConnectorType<SinkConnector> = { name: 'nop', create: () => new FirstEmission() }

async function start(host: BenchHost, rule: BenchRule): Promise<number> {
  const came = new Promise<void>((resolve) => (emitted = resolve))
  const spec = host.specOf({ type: 'memory', datasource: 'd', ...rule })
  const at = performance.now()
  await host.cell.deploy(spec)
  await came
  return performance.now() - at
}

const variants = [
  { name: 'without a plugin', rule: { sql: filterProjectSql }, spare: 15, cold: 80 },
  { name: 'with a plugin', rule: plusPlugin, spare: 25, cold: 140 },
] as const
for (const { name, rule, ...allowed } of variants) {
  const spare: number[] = []
  const cold: number[] = []
  const bare: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const host = new BenchHost({ sources: [oneTuple], sinks: [first] })
    const coldMs = await start(host, { rule: 'cold', ...rule })
    await sleep(700) // the spare boots a quarter of a second after a cold start
    const spareMs = await start(host, { rule: 'spare', ...rule })
    await host.close()
    const bareMs = await bareWorkerStart()
    // the first has bundled the worker's script
    if (round === 0) continue
    cold.push(coldMs)
    spare.push(spareMs)
    bare.push(bareMs)
  }
  report(
    `rule start ${name}, ms`,
    `with a spare ${spread(spare, 1)} (≤ ${allowed.spare})`,
    `cold ${spread(cold, 1)} (≤ ${allowed.cold})`,
    `bare worker ${spread(bare, 1)}`,
    `ratio ${(median(spare) / median(bare)).toFixed(2)} and ${(median(cold) / median(bare)).toFixed(2)}`,
  )
}
