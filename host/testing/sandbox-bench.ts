import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Argument, Row } from '@plutino/sdk'
import { pack } from '@plutino/sdk/pack'
import type { Bench, BenchEvents, TestOptions, Use } from '@plutino/sdk/testing/bench'
import { type Remote, transfer } from 'comlink'
import { FlowFacades } from '#host/cell/facades/flow-facades.ts'
import { bundleEntry } from '#host/cell/workers/bundle.ts'
import { wrapWorker } from '#host/cell/workers/comlink-client.ts'
import { endThread } from '#host/cell/workers/end.ts'
import { RulePool, type RunningThread } from '#host/cell/workers/pool.ts'
import { type Prepared, prepare } from '#host/plugins/prepare.ts'
import { readVersion } from '#host/version.ts'
import type { TestEvent } from '#src/worker/test-flows.ts'
import type { Answer, TestWorker } from '#src/worker/test-task.ts'
import { type Scripts, scriptsOf, tellFault } from './faults.ts'
import { testParams } from './params.ts'
import { testPowers } from './powers.ts'
import { tuplesIn } from './tuples.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** 2026-01-01 */
const START = Date.UTC(2026, 0, 1)

/** Packs and installs a plugin project for a test, and boots a sandbox for it. What the SDK's `inSandbox` asks for. */
export async function openSandbox(
  project: string,
  options: TestOptions,
  events: BenchEvents,
): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'plutino-test-'))
  try {
    const packed = await pack(project, { output: path.join(folder, 'plugin.zip') })
    const zip = await readFile(packed.path)
    const prepared = await prepare({ zip, hostVersion: readVersion() })
    const entry = await bundleEntry(
      path.join(root, 'src', 'worker', 'testing.ts'),
      path.join(root, '.cache', 'testing'),
    )
    const pool = new RulePool({ tier: 'sandboxed', entry })
    return new SandboxBench({ pool, prepared, folder, options, events })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

interface Parts {
  readonly pool: RulePool
  readonly prepared: Prepared
  /** Of this test alone; removed with it. */
  readonly folder: string
  readonly options: TestOptions
  readonly events: BenchEvents
}

/** The extensions of one plugin in one worker, each as a flow. */
class SandboxBench implements Bench {
  readonly #parts: Parts
  readonly #thread: RunningThread
  readonly #control: MessagePort
  readonly #events: MessagePort
  readonly #remote: Remote<TestWorker>
  readonly #scripts: Scripts
  readonly #facades = new Map<number, FlowFacades>()
  readonly #died = Promise.withResolvers<never>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#scripts = scriptsOf(parts.prepared)
    const [control, events] = [new MessageChannel(), new MessageChannel()]
    const now = parts.options.now ?? START
    const message = { control: control.port2, events: events.port2, now }
    this.#control = control.port1
    this.#events = events.port1
    this.#events.on('message', (event: TestEvent) => this.#tell(event))
    this.#thread = parts.pool.start(message, [control.port2, events.port2])
    this.#died.promise.catch(() => {})
    this.#thread.task.catch((error: Error) =>
      this.#died.reject(new Error(`the worker died: ${error.message}`, { cause: error })),
    )
    this.#remote = wrapWorker<TestWorker>(control.port1)
  }

  async open(flow: number, use: Use): Promise<void> {
    const { prepared, options, folder } = this.#parts
    const params = testParams(prepared, use)
    const facades = new FlowFacades({
      rule: {
        ...params.spec,
        plugins: params.plugins.map((code) => ({ ...code, powers: testPowers(options, folder) })),
      },
      refused: () => {},
      onOffence: (reason) => this.#died.reject(new Error(reason)),
    })
    this.#facades.set(flow, facades)
    const state = use.restore === undefined ? undefined : Uint8Array.from(use.restore.state).buffer
    const links = facades.links.map(({ port }) => port)
    const given = { ...params.open, plugins: params.plugins, state, facades: facades.links }
    const move = [...(state === undefined ? [] : [state]), ...links] as Transferable[]
    await this.#ask(() => this.#remote.open(flow, transfer(given, move)))
  }

  async collect(flow: number, data: readonly Row[] | Uint8Array, sequence: number): Promise<void> {
    const own = data instanceof Uint8Array ? data : [...data]
    await this.#ask(() => this.#remote.collect(flow, own, sequence))
  }

  call(flow: number, args: readonly Argument[], values: readonly unknown[]): Promise<unknown> {
    return this.#ask(() => this.#remote.call(flow, args, values))
  }

  async slide(
    flow: number,
    args: readonly Argument[],
    rows: readonly (readonly unknown[])[],
    length: number,
  ): Promise<unknown[]> {
    return (await this.#ask(() => this.#remote.slide(flow, args, rows, length))) as unknown[]
  }

  async lookup(flow: number, columns: readonly string[], keys: readonly (readonly unknown[])[]) {
    return (await this.#ask(() => this.#remote.lookup(flow, columns, keys))) as Row[][]
  }

  async checkpoint(flow: number): Promise<Uint8Array> {
    return new Uint8Array((await this.#ask(() => this.#remote.checkpoint(flow))) as ArrayBuffer)
  }

  async close(flow: number): Promise<void> {
    if (!this.#facades.has(flow)) return
    await this.#ask(() => this.#remote.close(flow))
    this.#facades.get(flow)?.close()
    this.#facades.delete(flow)
  }

  async step(until: number): Promise<boolean> {
    return (await this.#ask(() => this.#remote.step(until))) === true
  }

  async end(): Promise<void> {
    const { pool, folder } = this.#parts
    try {
      for (const flow of [...this.#facades.keys()]) await this.close(flow)
    } finally {
      for (const facades of this.#facades.values()) facades.close()
      this.#control.close()
      this.#events.close()
      void pool.destroy()
      await endThread(this.#thread)
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** What a worker says of its plugins before it answers is heard before the answer is given. */
  async #ask(call: () => Promise<Answer>): Promise<unknown> {
    const answer = await Promise.race([call(), this.#died.promise])
    await new Promise((heard) => setImmediate(heard))
    if ('fault' in answer) throw this.#parts.events.faulted(tellFault(answer.fault, this.#scripts))
    return answer.ok
  }

  #tell(event: TestEvent): void {
    const { events } = this.#parts
    const { flow } = event
    switch (event.what) {
      case 'write':
        events.tuples(flow, tuplesIn(event.chunk, event.count))
        break
      case 'delivered': {
        const dropped = event.dropped && tellFault(event.dropped, this.#scripts)
        events.delivered(flow, event.sequence, dropped)
        break
      }
      case 'retrying':
        events.retrying(flow, tellFault(event.fault, this.#scripts))
        break
      case 'failed':
        events.failed(flow, tellFault(event.fault, this.#scripts))
        break
      case 'ended':
        events.ended(flow)
        break
      case 'log':
        events.log({ level: event.level, text: event.text })
    }
  }
}
