import type { PullSource, Rewindable, Source, SourceContext } from '@plutino/sdk'
import type { Skip } from '#src/flow/frame-note.ts'
import { cleanError, rebuiltError } from './clean-error.ts'
import { copyValue } from './copy.ts'
import { deadlines, within } from './deadline.ts'
import { ended, type FeedInstance, type SourceFeed } from './source-feed.ts'
import type { RealTimers } from './timers.ts'

export interface SourceOptions {
  /** Names the source in errors. */
  readonly title: string
  readonly instance: object
  readonly datasource: string
  readonly props: Readonly<Record<string, unknown>>
  /** Where to go on; `undefined`: anew. */
  readonly offset: unknown
  /** So many tuples that it hands over behind it are known. @default 0 */
  readonly known?: number | undefined
  /** How a frame says that so many tuples of this one are known: instances of one source share their frames. */
  skip(known: number): Skip | undefined
  /** Of tuples before it that the state knows nothing of. */
  readonly since?: readonly unknown[] | undefined
  /** Of an earlier life with another number of instances: the offsets of all of them. */
  readonly allOffsets?: readonly unknown[] | undefined
  /** Where the operator wants it to go on, in their words: instead of `offset`. */
  readonly reset?: Readonly<Record<string, unknown>> | undefined
  readonly timers: RealTimers
  /** What stands in the frames, of the source's own offset: instances of one source share theirs. */
  frameOffset(own: unknown): unknown
  readonly feed: SourceFeed
  /** Told where the instance is after it took over from another number of them, or was reset. */
  rewound?(own: unknown): void
  /** Makes the context, with what a source has beside the common. */
  context(more: Pick<SourceContext, 'ready' | 'end'>): SourceContext
  /** Hardens what the plugin is handed. */
  harden<T>(value: T): T
  failed(where: 'open' | 'collect', error: unknown): void
  ended(): void
}

type PushOrPull = (Source | PullSource) & Partial<Rewindable>

/** One instance of a plugin's source, from `configure` to `close`. */
export class PluginSource {
  readonly #options: SourceOptions
  readonly #source: PushOrPull
  readonly #instance: FeedInstance
  readonly #context: SourceContext
  #ready: () => void = () => {}
  /** It has come to its end, failed, or is being closed: what it does now counts no more. */
  #isOver = false
  /** It hands nothing over any more. */
  #hasEnded = false

  constructor(options: SourceOptions) {
    this.#options = options
    this.#source = options.instance as PushOrPull
    this.#instance = {
      known: 0,
      // Nothing is left out of what comes anew.
      skip: (known) => {
        const skip = options.skip(known)
        return skip !== undefined && this.rewinds ? skip : undefined
      },
      offset: () => this.#offset(),
      failed: (error) => this.#fail('collect', error),
    }
    this.#context = options.context({ ready: () => this.#ready(), end: () => void this.#end() })
  }

  get rewinds(): boolean {
    return typeof this.#source.getOffset === 'function' && typeof this.#source.rewind === 'function'
  }

  /** So many of the tuples that it hands over next are known. */
  get known(): number {
    return this.#instance.known
  }

  get isResettable(): boolean {
    return this.rewinds && typeof this.#source.resetOffset === 'function'
  }

  /** Configures it, and goes back to where it was. All instances do, before the first one is opened. */
  async prepare(): Promise<void> {
    const { title, timers, datasource } = this.#options
    const source = this.#source
    const props = copyValue(this.#options.props, 'props') as Record<string, unknown>
    await within(deadlines.configure, `configure of ${title}`, timers, () =>
      source.configure(datasource, props),
    )
    const { reset } = this.#options
    if (reset === undefined) {
      await within(deadlines.configure, `rewind of ${title}`, timers, () => this.#rewind())
    } else {
      const work = () => this.#reset(reset)
      await within(deadlines.configure, `resetOffset of ${title}`, timers, work)
    }
  }

  /** Resolves when the source has connected: `open` returned, or it said so, or its first tuple came. */
  async open(): Promise<void> {
    const { title, timers } = this.#options
    await within(deadlines.open, `open of ${title}`, timers, () => this.#start())
  }

  /** Lets go of everything, within 5 s. What was handed over before is in the host's buffer then. */
  async close(): Promise<void> {
    this.#isOver = true
    const { title, timers } = this.#options
    await within(deadlines.close, `close of ${title}`, timers, async () => {
      await this.#source.close(this.#context)
    })
    this.#hasEnded = true
    await within(deadlines.close, `the last tuples of ${title}`, timers, () =>
      this.#options.feed.drain(),
    )
  }

  async #rewind(): Promise<void> {
    const { offset, known = 0, since = [], allOffsets, rewound, feed } = this.#options
    const source = this.#source
    const before = since.map((each) => copyValue(each, 'offset'))
    if (allOffsets !== undefined && typeof source.rewindAll === 'function') {
      await source.rewindAll(copyValue(allOffsets, 'offsets') as unknown[], before)
      // Until its first tuple the frames of the others carry it.
      rewound?.(copyValue(source.getOffset?.(), 'offset'))
    } else if (offset !== undefined && typeof source.rewind === 'function') {
      await source.rewind(copyValue(offset, 'offset'), before)
      if (this.rewinds) feed.begin(this.#options.frameOffset(offset))
    }
    if (this.rewinds) this.#instance.known = known
  }

  async #reset(input: Readonly<Record<string, unknown>>): Promise<void> {
    const { title, rewound } = this.#options
    const source = this.#source
    if (!this.isResettable) throw new Error(`${title} has no resetOffset`)
    await source.resetOffset?.(copyValue(input, 'input') as Record<string, unknown>)
    rewound?.(copyValue(source.getOffset?.(), 'offset'))
  }

  /** Settles when the source counts as open; what comes of `open` later ends the source. */
  #start(): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOpen = false
      this.#ready = () => {
        isOpen = true
        resolve()
      }
      this.#run().then(
        (bounded) => {
          this.#ready()
          if (bounded) void this.#end()
        },
        (error: unknown) => {
          if (cleanError(error).code === 'end-of-input') {
            this.#ready()
            void this.#end()
          } else if (isOpen) this.#fail('open', error)
          else reject(rebuiltError(error))
        },
      )
    })
  }

  /** @returns whether that `open` has settled says that there is nothing more: so in pull style */
  async #run(): Promise<boolean> {
    const { harden } = this.#options
    const consumer = harden((data: unknown, meta?: unknown) => this.#take(data, meta))
    const errCh = harden((reason: unknown) => this.#fail('open', reason))
    const opened: unknown = Reflect.apply(this.#source.open, this.#source, [
      this.#context,
      consumer,
      errCh,
    ])
    if (!isAsyncIterable(opened)) {
      await opened
      return false
    }
    this.#ready()
    for await (const data of opened) {
      if (this.#isOver) break
      await this.#take(data, undefined)
    }
    return true
  }

  #offset(): unknown {
    if (!this.rewinds) return undefined
    return this.#options.frameOffset(copyValue(this.#source.getOffset?.(), 'offset'))
  }

  #take(data: unknown, meta: unknown): Promise<void> | undefined {
    try {
      if (this.#hasEnded) throw ended()
      const wait = this.#options.feed.take(data, meta, this.#instance)
      this.#ready()
      return wait
    } catch (error) {
      throw rebuiltError(error)
    }
  }

  #fail(where: 'open' | 'collect', error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#hasEnded = true
    this.#options.failed(where, error)
  }

  async #end(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.#hasEnded = true
    await this.#options.feed.drain()
    this.#options.ended()
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
