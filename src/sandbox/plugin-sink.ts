import type { Row } from '@plutino/sdk'
import type { PluginSink } from '#src/flow/plugin-sink.ts'
import { cleanError, rebuiltError } from './clean-error.ts'
import { deadlines, within } from './deadline.ts'
import { deniedBy, type Emitted, SinkInstance, type SinkInstanceOptions } from './sink-instance.ts'

export interface SinkOptions extends SinkInstanceOptions {
  readonly epoch: number
  /** Names an emission of this action for ever, by its number. */
  keyOf(sequence: number): string
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
  readonly #options: SinkOptions
  readonly #sink: SinkInstance
  readonly #queue: Waiting[] = []
  #room: PromiseWithResolvers<void> | undefined
  #working: Promise<void> | undefined
  #isClosed = false

  constructor(options: SinkOptions) {
    this.#options = options
    this.#sink = new SinkInstance(options, this.#emittedAs(0))
  }

  get accepts(): 'bytes' | 'rows' {
    return this.#sink.accepts
  }

  async open(): Promise<void> {
    await this.#sink.configure()
    try {
      await this.#sink.connect()
    } catch (error) {
      throw deniedBy(this.#sink.title, error)
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
      await this.#sink.disconnect()
    }
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
    const emitted = this.#emittedAs(sequence)
    let dropped: string | undefined
    for (let delayMs = FIRST_DELAY_MS; !this.#isClosed; delayMs = nextDelay(delayMs)) {
      try {
        await this.#sink.collect(data, emitted)
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

  #emittedAs(sequence: number): Emitted {
    const { epoch, keyOf } = this.#options
    return { rowId: Object.freeze({ epoch, sequence, key: keyOf(sequence) }) }
  }

  async #reconnect(): Promise<void> {
    for (let delayMs = FIRST_DELAY_MS; !this.#isClosed; delayMs = nextDelay(delayMs)) {
      try {
        await this.#sink.disconnect().catch(() => {})
        await this.#sink.connect()
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
