import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Feeder } from '#host/cell/rule/feeder.ts'
import { RunningSource } from '#host/cell/rule/running-source.ts'
import { bundleEntry } from '#host/cell/workers/bundle.ts'
import { RulePool } from '#host/cell/workers/pool.ts'
import { WorkerHandle } from '#host/cell/workers/worker-handle.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import { startChunkHandOver } from '#test/bench/reference/host.mjs'
import { makePayloads } from '#test/bench/reference/payloads.mjs'

/*
 * What it costs to bring tuples to a worker: our source buffer, feeder and comlink call against bare chunks handed over
 * by hand. Both workers touch every frame. `node test/bench/buffer.ts`
 */

const payloads = makePayloads()
const silent = { debug() {}, info() {}, warn() {}, error() {} }

async function startOurs() {
  const entry = fileURLToPath(new URL('../fixtures/cell/touch-worker.ts', import.meta.url))
  const script = await bundleEntry(entry, path.join(tmpdir(), 'plutino-bench-cache'))
  const pool = new RulePool({ tier: 'bare', entry: script })
  await pool.prime()
  const handle = new WorkerHandle({
    pool,
    rule: 'bench',
    sources: 1,
    actions: 0,
    methods: new Map(),
  })
  const source = new RunningSource({
    spec: {
      stream: 'demo',
      type: 'bench',
      datasource: '',
      props: {},
      shared: false,
      bufferLength: 20_000,
      bufferBytes: 1 << 26,
      dropPolicy: 'oldest',
    },
    tenant: 'default',
    owner: 'bench',
    generation: '',
    qos: 0,
    type: undefined,
    logger: silent,
  })
  let [read, next, running] = [0, 0, false]
  const feeder = new Feeder({
    sources: [source],
    isLossless: false,
    mayFeed: () => true,
    onCollected: ({ counters }) => {
      read = counters[0] ?? 0
    },
    onFailure: (error) => console.error(error),
    onSetAside: () => {},
  })
  feeder.connect((feeds) => handle.collect(feeds))
  const pump = () => {
    while (running) {
      const payload = payloads[next]
      if (payload === undefined) return
      if (!source.buffer.write(payload, 0, payload.length)) {
        source.buffer.ring()
        return source.buffer.onRoom(pump)
      }
      next = next + 1 === payloads.length ? 0 : next + 1
      if ((next & 0x1ff) === 0) source.buffer.ring()
    }
  }
  return {
    async measure(ms: number) {
      running = true
      pump()
      const [before, start] = [read, performance.now()]
      await sleep(ms)
      const window = { units: read - before, ms: performance.now() - start }
      running = false
      return window
    },
    async close() {
      running = false
      feeder.close()
      await handle.close()
    },
  }
}

const ours = await startOurs()
const reference = await startChunkHandOver({ payloads })
await compare('source buffer to worker by bare hand-over, 100 B', ours, reference, { ms: 150 })
await ours.close()
await reference.close()
