import type { Argument, Row } from '@plutino/sdk'
import type { Call, PlanExpression } from '#src/plan/expression.ts'
import type { DataType } from '#src/plan/types.ts'
import { cleanError } from '#src/sandbox/clean-error.ts'
import { PluginHost, type PluginRuntime } from '#src/sandbox/plugin-host.ts'
import { stackOf } from '#src/sandbox/plugin-stack.ts'
import { packState, unpackState } from '#src/state/state-blob.ts'
import type { FlowId, HostCalls, OpenParams } from './protocol.ts'
import type { TestTime } from './test-time.ts'

/** As it leaves the worker: `stack` has the frames in the plugin's script. */
export interface TestFault {
  readonly code: string
  readonly message: string
  readonly stack: string
}

/** What a test is told, in the order in which it happens. */
export type TestEvent =
  | { readonly what: 'write'; flow: FlowId; chunk: ArrayBuffer; count: number }
  | { readonly what: 'delivered'; flow: FlowId; sequence: number; dropped?: TestFault | undefined }
  | { readonly what: 'retrying' | 'failed'; flow: FlowId; fault: TestFault }
  | { readonly what: 'ended'; flow: FlowId }
  | { readonly what: 'log'; flow: FlowId; level: 'debug' | 'info' | 'warn' | 'error'; text: string }

type Tell = (event: TestEvent) => void
type Values = readonly unknown[]

/** Extensions that are tested, each in a flow of its own, with the real host of plugins around them. */
export class TestFlows {
  readonly #makeRuntime: (more: Pick<PluginRuntime, 'sinkFailed'>) => PluginRuntime
  readonly #time: TestTime
  readonly #flows = new Map<FlowId, PluginHost>()
  readonly #dropped = new Map<FlowId, TestFault>()
  #runtime: PluginRuntime | undefined
  #tell: Tell = () => {}

  constructor(
    makeRuntime: (more: Pick<PluginRuntime, 'sinkFailed'>) => PluginRuntime,
    time: TestTime,
  ) {
    this.#makeRuntime = makeRuntime
    this.#time = time
  }

  begin(now: number, tell: Tell): void {
    this.#time.start(now)
    this.#tell = tell
    this.#runtime = this.#makeRuntime({
      sinkFailed: (flow, outcome, error) => {
        if (outcome === 'dropped') this.#dropped.set(flow, faultOf(error))
        else tell({ what: 'retrying', flow, fault: faultOf(error) })
      },
    })
  }

  /** An error that nobody caught, of whichever flow. */
  stray(error: unknown): void {
    for (const flow of this.#flows.keys())
      this.#tell({ what: 'failed', flow, fault: faultOf(error) })
  }

  async open(flow: FlowId, params: OpenParams): Promise<void> {
    if (this.#runtime === undefined) throw new Error('the bench was not begun')
    const host = new PluginHost(flow, params, this.#calls(flow), this.#runtime)
    this.#flows.set(flow, host)
    host.load()
    if (params.state !== undefined) host.states.restore(unpackState(params.state).extensions)
    await host.open()
  }

  collect(flow: FlowId, data: Row[] | Uint8Array, sequence: number): void {
    const sink = this.#flow(flow).forFlow.sink(0)
    if (sink === undefined) throw new Error('it is no sink')
    if (sink.accepts === 'rows') {
      if (data instanceof Uint8Array) throw new TypeError('this sink accepts rows, not bytes')
      sink.takeRows(data, sequence)
    } else {
      const bytes =
        data instanceof Uint8Array ? data : new TextEncoder().encode(JSON.stringify(data))
      sink.takeBytes(bytes, sequence)
    }
  }

  call(flow: FlowId, args: readonly Argument[], values: Values): unknown {
    return this.#flow(flow).forFlow.call(callOf(args))(...values)
  }

  slide(flow: FlowId, args: readonly Argument[], rows: readonly Values[], length: number) {
    const call = { ...callOf(args), distinct: false, as: 'result' }
    const aggregator = this.#flow(flow).forFlow.aggregator(call)
    const from = (start: number, end: number) =>
      rows.slice(start, end).reduce((sum, row) => aggregator.add(sum, ...row), aggregator.init())
    let sum = aggregator.init()
    return rows.map((row, i) => {
      sum = aggregator.add(sum, ...row)
      const gone = rows[i - length]
      if (gone !== undefined) sum = aggregator.remove?.(sum, ...gone) ?? from(i - length + 1, i + 1)
      return aggregator.result(sum)
    })
  }

  async lookup(flow: FlowId, columns: readonly string[], keys: readonly Values[]) {
    const table = this.#flow(flow).lookup(0)
    if (table === undefined) throw new Error('it is no lookup table')
    return table.lookup(columns, keys)
  }

  checkpoint(flow: FlowId): ArrayBuffer {
    const extensions = this.#flow(flow).states.snapshot()
    return packState({ operators: new Map(), extensions, sources: new Map() })
  }

  async close(flow: FlowId): Promise<void> {
    const host = this.#flows.get(flow)
    this.#flows.delete(flow)
    await host?.close()
  }

  step(until: number): Promise<boolean> {
    return this.#time.step(until)
  }

  #flow(flow: FlowId): PluginHost {
    const host = this.#flows.get(flow)
    if (host === undefined) throw new Error('it is closed')
    return host
  }

  /** What the worker would ask of the host. */
  #calls(flow: FlowId): HostCalls {
    const tell = this.#tell
    return {
      async write(_flow, _source, chunk, count) {
        tell({ what: 'write', flow, chunk, count })
      },
      emit() {},
      delivered: (_flow, _action, sequence) => {
        const dropped = this.#dropped.get(flow)
        this.#dropped.delete(flow)
        tell({ what: 'delivered', flow, sequence, dropped })
      },
      failed(_flow, { code = 'failed', message, stack = '' }) {
        tell({ what: 'failed', flow, fault: { code, message, stack } })
      },
      ended: () => tell({ what: 'ended', flow }),
      lookup: async () => [],
      keyedState: async () => [],
      log: (_flow, level, _plugin, text) => tell({ what: 'log', flow, level, text }),
    }
  }
}

export function faultOf(error: unknown): TestFault {
  return { ...cleanError(error), stack: stackOf(error) }
}

/** A call in a statement of which this is known. */
function callOf(args: readonly Argument[]): Call {
  return { type: 'call', name: 'f', id: 0, plugin: 0, args: args.map(expressionOf), dataType: ANY }
}

const ANY: DataType = { type: 'any' }

function expressionOf({ type = 'any', literal, column }: Argument): PlanExpression {
  const dataType = { type } as DataType // what a test says of an argument
  if (literal !== undefined) return { type: 'literal', value: literal, dataType } as PlanExpression
  return { type: 'column', name: column ?? 'a', dataType } as PlanExpression
}
