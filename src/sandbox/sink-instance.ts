import type { Row, RowSink, Sink, SinkContext } from '@plutino/sdk'
import { cleanError } from './clean-error.ts'
import { copyValue } from './copy.ts'
import { deadlines, within } from './deadline.ts'
import type { RealTimers } from './timers.ts'

export interface SinkInstanceOptions {
  readonly title: string
  readonly instance: object
  readonly props: Readonly<Record<string, unknown>>
  readonly timers: RealTimers
  context(more: Pick<SinkContext, 'rowId' | 'destination'>): SinkContext
}

/** What names an emission, and where it goes. */
export type Emitted = Pick<SinkContext, 'rowId' | 'destination'>

/** One instance of a plugin's sink: its steps, each within its deadline. */
export class SinkInstance {
  readonly title: string
  readonly accepts: 'bytes' | 'rows'
  readonly #options: SinkInstanceOptions
  readonly #sink: Sink | RowSink
  readonly #context: SinkContext
  #emitted: Emitted

  constructor(options: SinkInstanceOptions, first: Emitted) {
    this.title = options.title
    this.#options = options
    this.#sink = options.instance as Sink | RowSink
    this.accepts = this.#sink.accepts === 'rows' ? 'rows' : 'bytes'
    this.#emitted = first
    const current = (): Emitted => this.#emitted
    this.#context = options.context({
      get rowId() {
        return current().rowId
      },
      get destination() {
        return current().destination
      },
    })
  }

  configure(): Promise<void> {
    const { title, timers } = this.#options
    const props = copyValue(this.#options.props, 'props') as Record<string, unknown>
    return within(deadlines.configure, `configure of ${title}`, timers, () =>
      this.#sink.configure(props),
    )
  }

  connect(): Promise<void> {
    const { title, timers } = this.#options
    return within(deadlines.open, `open of ${title}`, timers, () => this.#sink.open(this.#context))
  }

  /** The plugin owns what it gets, and may get the same again: so it is a copy each time. */
  async collect(data: Uint8Array | Row[], emitted: Emitted): Promise<void> {
    const { title, timers } = this.#options
    this.#emitted = emitted
    const own = copyValue(data, 'emission') as never
    await within(deadlines.collect, `collect of ${title}`, timers, () =>
      this.#sink.collect(this.#context, own),
    )
  }

  disconnect(): Promise<void> {
    const { title, timers } = this.#options
    return within(deadlines.close, `close of ${title}`, timers, () =>
      this.#sink.close(this.#context),
    )
  }
}

/** What was refused to a package is the error of this sink. */
export function deniedBy(title: string, error: unknown): unknown {
  const { code, message } = cleanError(error)
  if (code !== 'ERR_PLUGIN_DENIED') return error
  return Object.assign(new Error(`${title}: ${message}`), { code })
}
