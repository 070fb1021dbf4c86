import type { Consumer, Rewindable, Source, SourceContext } from '@plutino/sdk'

interface Options {
  /** ms between two rows */
  readonly interval?: number
  /** How many rows; without it, rows come until the rule stops. */
  readonly count?: number
}

/** Brings a numbered row of its DATASOURCE every `interval` ms. */
export class TemplateSource implements Source, Rewindable {
  #topic = ''
  #options: Options = {}
  #n = 0
  #timer: NodeJS.Timeout | undefined

  configure(datasource: string, props: Options): void {
    this.#topic = datasource
    this.#options = props
  }

  open(ctx: SourceContext, consumer: Consumer): void {
    const { interval = 1000, count = Number.POSITIVE_INFINITY } = this.#options
    this.#timer = setInterval(() => {
      // before the row is handed over: this is where the source goes on after it
      this.#n++
      // At this pace there is always room. In a loop, await it: it settles when more may come.
      void consumer({ topic: this.#topic, n: this.#n, at: ctx.clock.now() })
      if (this.#n < count) return
      clearInterval(this.#timer)
      ctx.end()
    }, interval)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  getOffset(): unknown {
    return this.#n
  }

  rewind(offset: unknown): void {
    this.#n = Number(offset)
  }
}
