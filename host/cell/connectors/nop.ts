import type { ConnectorContext, PayloadChunk, SinkConnector } from './connector.ts'
import { payloadsOf } from './payloads.ts'
import { Properties } from './properties.ts'

/** Discards what it gets; with `log` it is shown on the way. */
export class NopSink implements SinkConnector {
  #log = false
  #context: ConnectorContext | undefined

  configure(props: Readonly<Record<string, unknown>>): void {
    this.#log = new Properties('sink "nop"', props).flag('log', false)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    context.connection('connected')
  }

  collect(chunk: PayloadChunk): void {
    if (!this.#log) return
    for (const { bytes } of payloadsOf(chunk))
      this.#context?.logger.info(Buffer.from(bytes).toString())
  }

  async close(): Promise<void> {}
}
