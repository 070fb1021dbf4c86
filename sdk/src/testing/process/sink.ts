import type { RowSink, Sink, SinkContext } from '../../sink.ts'
import type { Row } from '../../tuple.ts'
import type { Fault, Use } from '../bench.ts'
import { faultOf } from '../fault.ts'
import type { VirtualTime } from '../virtual-time.ts'

export interface SinkOutlet {
  delivered(sequence: number, dropped: Fault | undefined): void
  retrying(error: unknown): void
  faultOf(error: unknown): Fault
  context(more: object): SinkContext
  readonly time: VirtualTime
}

const FIRST_DELAY_MS = 200
const MAX_DELAY_MS = 10_000

/** A sink in this process: one emission at a time, in order, again where it asks for it. */
export class ProcessSink {
  readonly #sink: Sink | RowSink
  readonly #outlet: SinkOutlet
  readonly #context: SinkContext
  #rowId: SinkContext['rowId'] = rowIdOf(0)
  #last: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(instance: object, outlet: SinkOutlet) {
    this.#sink = instance as Sink
    this.#outlet = outlet
    const current = () => this.#rowId
    this.#context = outlet.context({
      get rowId() {
        return current()
      },
    })
  }

  async open({ props }: Use): Promise<void> {
    await this.#sink.configure(structuredClone(props) as Record<string, unknown>)
    await this.#sink.open(this.#context)
  }

  /** @throws Error when the sink takes the other form */
  take(data: readonly Row[] | Uint8Array, sequence: number): void {
    const given = asWanted(data, this.#sink.accepts === 'rows')
    this.#last = this.#last.then(() => this.#deliver(given, sequence))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sink.close(this.#context)
  }

  async #deliver(data: Row[] | Uint8Array, sequence: number): Promise<void> {
    this.#rowId = rowIdOf(sequence)
    for (let delayMs = FIRST_DELAY_MS; !this.#isClosed; delayMs = next(delayMs)) {
      try {
        await this.#sink.collect(this.#context, structuredClone(data) as never)
        return this.#outlet.delivered(sequence, undefined)
      } catch (error) {
        const { code } = faultOf(error)
        if (code !== 'not-connected' && code !== 'retryable')
          return this.#outlet.delivered(sequence, this.#outlet.faultOf(error))
        this.#outlet.retrying(error)
        await this.#pause(delayMs)
        if (code === 'not-connected') await this.#reconnect()
      }
    }
  }

  async #reconnect(): Promise<void> {
    for (let delayMs = FIRST_DELAY_MS; !this.#isClosed; delayMs = next(delayMs)) {
      try {
        await Promise.resolve(this.#sink.close(this.#context)).catch(() => {})
        await this.#sink.open(this.#context)
        return
      } catch (error) {
        this.#outlet.retrying(error)
        await this.#pause(delayMs)
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((wake) => void this.#outlet.time.setTimeout(wake, ms))
  }
}

/** What a rule would hand to the sink: without any format, bytes are a JSON array of the rows. */
function asWanted(data: readonly Row[] | Uint8Array, rows: boolean): Row[] | Uint8Array {
  if (!(data instanceof Uint8Array))
    return rows ? [...data] : new TextEncoder().encode(JSON.stringify(data))
  if (!rows) return data
  throw new TypeError('this sink accepts rows, not bytes')
}

function rowIdOf(sequence: number): SinkContext['rowId'] {
  return Object.freeze({ epoch: 1, sequence, key: `test-1-sink_0-${sequence}` })
}

function next(ms: number): number {
  return Math.min(MAX_DELAY_MS, ms * 2)
}
