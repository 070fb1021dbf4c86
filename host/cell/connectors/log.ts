import type { ConnectorContext, PayloadChunk, SinkConnector } from './connector.ts'
import { payloadsOf } from './payloads.ts'

/** Writes every payload as a line of the rule's log, which also goes to `log/stream.log`. */
export class LogSink implements SinkConnector {
  #context: ConnectorContext | undefined

  configure(): void {}

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    context.connection('connected')
  }

  collect(chunk: PayloadChunk): void {
    for (const { bytes } of payloadsOf(chunk)) {
      this.#context?.logger.info(`sink result: ${Buffer.from(bytes).toString()}`)
    }
  }

  async close(): Promise<void> {}
}
