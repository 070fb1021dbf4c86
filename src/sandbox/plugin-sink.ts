import type { Row, RowSink, Sink, SinkContext } from '@plutino/sdk'
import type { PluginSink } from '#src/flow/plugin-sink.ts'
import { cleanError, rebuiltError } from './clean-error.ts'
import { copyValue } from './copy.ts'
import { deadlines, within } from './deadline.ts'
import type { RealTimers } from './timers.ts'

export interface SinkOptions {
  readonly title: string
  readonly instance: object
  readonly props: Readonly<Record<string, unknown>>
  readonly epoch: number
  /** Names an emission of this action for ever, by its number. */
  keyOf(sequence: number): string
  readonly timers: RealTimers
  context(more: Pick<SinkContext, 'rowId'>): SinkContext
  /** `dropped`: why the emission was not taken. */
  delivered(sequence: number, dropped?: string): void
  /** An emission was dropped: the plugin failed on it in a way that sending it again would not mend. */
  dropped(error: unknown): void
  /** The connection was lost and is being made again. */
  retrying(error: unknown): void
}

interface Waiting {
  readonly data: Uint8Array | Row[]
  readonly sequence: number
}

/** So many emissions wait for the plugin; then the flow waits too. */
const MAX_WAITING = 256
const FIRST_DELAY_MS = 200
const MAX_DELAY_MS = 10_000

/** One instance of a plugin's sink: one emission at a time, in order, again where the plugin asks for it. */
export class PluginSinkRunner implements PluginSink {
  readonly accepts: 'bytes' | 'rows'
  readonly #options: SinkOptions
  readonly #sink: Sink | RowSink
  readonly #context: SinkContext
  readonly #queue: Waiting[] = []
  #rowId: SinkContext['rowId']
  #room: PromiseWithResolvers<void> | undefined
  #working: Promise<void> | undefined
  #isClosed = false

  constructor(options: SinkOptions) {
    this.#options = options
    this.#sink = options.instance as Sink | RowSink
    this.accepts = this.#sink.accepts === 'rows' ? 'rows' : 'bytes'
    this.#rowId = this.#rowIdOf(0)
    const current = (): SinkContext['rowId'] => this.#rowId
    this.#context = options.context({
      get rowId() {
        return current()
      },
    })
  }

  async open(): Promise<void> {
    const { title, timers } = this.#options
    const props = copyValue(this.#options.props, 'props') as Record<string, unknown>
    await within(deadlines.configure, `configure of ${title}`, timers, () =>
      this.#sink.configure(props),
    )
    try {
      await this.#connect()
    } catch (error) {
      throw deniedBy(title, error)
    }
  }

  takeBytes(payload: Uint8Array, sequence: number): void {
    this.#take({ data: payload, sequence })
  }

  takeRows(rows: Row[], sequence: number): void {
    this.#take({ data: rows, sequence })
  }

  room(): Promise<void> | undefined {
    if (this.#queue.length < MAX_WAITING) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** Resolves when nothing waits for the plugin any more. */
  async drain(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  async close(): Promise<void> {
    const { title, timers } = this.#options
    try {
      await within(deadlines.close, `the last emissions of ${title}`, timers, () => this.drain())
    } finally {
      this.#isClosed = true
      await this.#disconnect()
    }
  }

  #connect(): Promise<void> {
    const { title, timers } = this.#options
    return within(deadlines.open, `open of ${title}`, timers, () => this.#sink.open(this.#context))
  }

  #disconnect(): Promise<void> {
    const { title, timers } = this.#options
    return within(deadlines.close, `close of ${title}`, timers, () =>
      this.#sink.close(this.#context),
    )
  }

  #take(waiting: Waiting): void {
    this.#queue.push(waiting)
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    // Not in the flow's own call: what the plugin does is not the time of an operator.
    await Promise.resolve()
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      await this.#deliver(next)
      this.#queue.shift()
      if (this.#room !== undefined && this.#queue.length < MAX_WAITING / 2) {
        this.#room.resolve()
        this.#room = undefined
      }
    }
    // At once: what is taken between here and the end of the promise starts the work anew.
    this.#working = undefined
  }

  async #deliver({ data, sequence }: Waiting): Promise<void> {
    this.#rowId = this.#rowIdOf(sequence)
    let dropped: string | undefined
    for (let delayMs = FIRST_DELAY_MS; !this.#isClosed; delayMs = nextDelay(delayMs)) {
      try {
        await this.#collect(data)
        break
      } catch (error) {
        const { code, message } = cleanError(error)
        if (code !== 'not-connected' && code !== 'retryable') {
          dropped = message
          this.#options.dropped(rebuiltError(error))
          break
        }
        this.#options.retrying(rebuiltError(error))
        await this.#pause(delayMs)
        if (code === 'not-connected') await this.#reconnect()
      }
    }
    if (!this.#isClosed) this.#options.delivered(sequence, dropped)
  }

  #rowIdOf(sequence: number): SinkContext['rowId'] {
    const { epoch, keyOf } = this.#options
    return Object.freeze({ epoch, sequence, key: keyOf(sequence) })
  }

  /** The plugin owns what it gets, and may get the same again: so it is a copy each time. */
  async #collect(data: Uint8Array | Row[]): Promise<void> {
    const { title, timers } = this.#options
    const own = copyValue(data, 'emission') as never
    await within(deadlines.collect, `collect of ${title}`, timers, () =>
      this.#sink.collect(this.#context, own),
    )
  }

  async #reconnect(): Promise<void> {
    for (let delayMs = FIRST_DELAY_MS; !this.#isClosed; delayMs = nextDelay(delayMs)) {
      try {
        await this.#disconnect().catch(() => {})
        await this.#connect()
        return
      } catch (error) {
        this.#options.retrying(rebuiltError(error))
        await this.#pause(delayMs)
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.timers.setTimeout(resolve, ms)
    })
  }
}

function nextDelay(ms: number): number {
  return Math.min(MAX_DELAY_MS, ms * 2)
}

/** What was refused to a package is the error of this sink. */
function deniedBy(title: string, error: unknown): unknown {
  const { code, message } = cleanError(error)
  if (code !== 'ERR_PLUGIN_DENIED') return error
  return Object.assign(new Error(`${title}: ${message}`), { code })
}
