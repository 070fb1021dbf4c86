import {
  type Consumer,
  newDefaultSourceTuple,
  pause,
  type Row,
  type Source,
  type SourceContext,
} from '@plutino/sdk'
import { type Options, optionsOf, varied } from './row.ts'

const SENT = 'sent'

/** Sends a row every `interval` ms: the pattern, with random numbers in it. */
export class Random implements Source {
  #options: Options = optionsOf({})

  configure(_datasource: string, props: Record<string, unknown>): void {
    this.#options = optionsOf(props)
  }

  async open(ctx: SourceContext, consumer: Consumer): Promise<void> {
    const { pattern, seed, interval } = this.#options
    // where all rows were sent before, none says it
    ctx.ready()
    while (!ctx.signal.aborted) {
      const row = varied(pattern, (value) => value + Math.floor(Math.random() * seed))
      if (this.#isNew(ctx, row)) await consumer(newDefaultSourceTuple(row))
      await pause(interval, ctx.signal)
    }
  }

  close(): void {}

  /** What was sent stands in the rule's state, so that it is known after a restart. */
  #isNew(ctx: SourceContext, row: Row): boolean {
    const { deduplicate } = this.#options
    if (deduplicate === 0) return true
    const text = JSON.stringify(row)
    const sent = (ctx.getState(SENT) as string[] | undefined) ?? []
    if (sent.includes(text)) return false
    sent.push(text)
    if (deduplicate > 0 && sent.length > deduplicate) sent.splice(0, sent.length - deduplicate)
    ctx.putState(SENT, sent)
    return true
  }
}
