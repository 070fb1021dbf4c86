import type { MessagePort } from 'node:worker_threads'
import { expose, transfer } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { CallArguments } from '#src/plan/plugin-calls.ts'
import { cleanError } from '#src/sandbox/clean-error.ts'
import type { InspectAnswer } from '#src/sandbox/inspect.ts'
import { HostClient } from './host-calls.ts'
import type {
  Collected,
  Delivered,
  Delivery,
  Feed,
  FlowId,
  FlowMetrics,
  Opened,
  OpenParams,
  PluginCode,
  RuleWorker,
  Snapshot,
} from './protocol.ts'

/**
 * The task's only argument: `prime` boots the worker and nothing more, `inspect` looks at plugins that are installed, and
 * asks each function whether `calls` of it, in the same order, are right.
 */
export type TaskMessage =
  | { readonly prime: true }
  | {
      readonly inspect: readonly PluginCode[]
      readonly calls?: readonly CallArguments[] | undefined
    }
  | { readonly control: MessagePort; readonly calls: MessagePort }

/** A flow as this worker runs it, with the plugins that it uses. */
export interface RunningFlow {
  readonly opened: Opened
  collect(feeds: readonly Feed[]): Collected | Promise<Collected>
  deliver(delivery: Delivery): Promise<Delivered>
  checkpoint(isCut: boolean): Snapshot | Promise<Snapshot>
  metrics(): FlowMetrics
  close(): Promise<void>
}

/** Builds and opens a flow: plugins evaluated, state restored, sources and sinks opened. */
export type StartFlow = (id: FlowId, params: OpenParams, host: HostClient) => Promise<RunningFlow>

/** Loads plugins without running them; of functions that are called, `validate` alone. */
export type Inspect = (
  codes: readonly PluginCode[],
  calls?: readonly CallArguments[] | undefined,
) => InspectAnswer

/**
 * Makes the function that Piscina runs. It resolves to 'ready' for `{ prime: true }`, else after the last flow was
 * closed or the host let go of the control port.
 */
export function ruleTask(
  start: StartFlow,
  inspect: Inspect = refuseInspection,
): (message: TaskMessage) => Promise<'ready' | 'done' | InspectAnswer> {
  const later = setImmediate
  return async function task(message) {
    if ('prime' in message) return 'ready'
    if ('inspect' in message) return inspect(message.inspect, message.calls)
    const { control, calls } = message
    const host = new HostClient(calls)
    await new Promise<void>((resolve) => {
      // The answer of `close` has to leave before the port is closed.
      const server = new RuleServer(start, host, () => later(resolve))
      control.once('close', () => resolve())
      expose(server, nodeEndpoint(control))
    })
    host.close()
    control.close()
    return 'done'
  }
}

const refuseInspection: Inspect = () => ({ error: 'this worker runs no plugins' })

/** Serves `RuleWorker` for several flows. What it throws is plain `{ code, message }`. */
class RuleServer implements RuleWorker {
  readonly #flows = new Map<FlowId, FlowTurn>()
  readonly #start: StartFlow
  readonly #host: HostClient
  readonly #ended: () => void

  constructor(start: StartFlow, host: HostClient, ended: () => void) {
    this.#start = start
    this.#host = host
    this.#ended = ended
  }

  async open(id: FlowId, params: OpenParams): Promise<Opened> {
    if (this.#flows.has(id)) throw refusal('bad-feed', `flow ${id} is open already`)
    const turn = new FlowTurn()
    this.#flows.set(id, turn)
    try {
      turn.flow = await this.#start(id, params, this.#host)
      return turn.flow.opened
    } catch (error) {
      this.#flows.delete(id)
      throw cleanError(error)
    }
  }

  collect(id: FlowId, feeds: readonly Feed[]): Promise<Collected> {
    return this.#turnOf(id).run(
      (flow) => flow.collect(feeds),
      (collected) => transfer(collected, collected.emissions.map(bufferOf)),
    )
  }

  /** Beside the other calls: a sink that takes its time holds up nothing but what waits for it. */
  async deliver(id: FlowId, delivery: Delivery): Promise<Delivered> {
    const { flow } = this.#turnOf(id)
    if (flow === undefined) throw refusal('bad-feed', 'the flow is not open yet')
    try {
      return await flow.deliver(delivery)
    } catch (error) {
      throw cleanError(error)
    }
  }

  checkpoint(id: FlowId, isCut: boolean): Promise<Snapshot> {
    return this.#turnOf(id).run(
      (flow) => flow.checkpoint(isCut),
      (snapshot) => transfer(snapshot, [snapshot.state]),
    )
  }

  async metrics(id: FlowId): Promise<FlowMetrics> {
    const { flow } = this.#turnOf(id)
    if (flow === undefined) throw refusal('bad-feed', `flow ${id} is not open yet`)
    return flow.metrics()
  }

  async close(id: FlowId): Promise<void> {
    const turn = this.#flows.get(id)
    if (turn === undefined) return
    this.#flows.delete(id)
    try {
      await turn.flow?.close()
    } catch (error) {
      throw cleanError(error)
    } finally {
      if (this.#flows.size === 0) this.#ended()
    }
  }

  async ping(): Promise<void> {}

  #turnOf(id: FlowId): FlowTurn {
    const turn = this.#flows.get(id)
    if (turn === undefined) throw refusal('bad-feed', `there is no flow ${id} in this worker`)
    return turn
  }
}

/** Keeps the calls of one flow in order: the next starts when the one before has settled. */
class FlowTurn {
  flow: RunningFlow | undefined
  #last: Promise<unknown> = Promise.resolve()

  run<T>(step: (flow: RunningFlow) => T | Promise<T>, finish: (value: T) => T): Promise<T> {
    const done = this.#last.then(async () => {
      const { flow } = this
      if (flow === undefined) throw refusal('bad-feed', 'the flow is not open yet')
      try {
        return finish(await step(flow))
      } catch (error) {
        throw cleanError(error)
      }
    })
    this.#last = done.catch(() => {})
    return done
  }
}

function bufferOf(part: { readonly buffer: ArrayBuffer }): ArrayBuffer {
  return part.buffer
}

function refusal(code: string, message: string): { code: string; message: string } {
  return { code, message }
}
