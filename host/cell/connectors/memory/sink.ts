import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { eachPayload } from '../payloads.ts'
import { Properties } from '../properties.ts'
import type { MemoryTopics } from './topics.ts'

/** Writes to a topic of the tenant, for other rules to read. */
export class MemorySink implements SinkConnector {
  readonly #topics: MemoryTopics
  #topic = ''
  #tenant = ''
  #rowkindField: string | undefined

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "memory"', props)
    this.#topic = read.required('topic')
    this.#rowkindField = read.text('rowkindField')
    if (/[+#]/.test(this.#topic)) read.refuse('topic', `must not hold a wildcard: "${this.#topic}"`)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#tenant = context.tenant
    context.connection('connected')
  }

  collect(chunk: PayloadChunk): void | Promise<void> {
    const each = (take: (bytes: Uint8Array, start: number, end: number) => void) =>
      eachPayload(chunk, take)
    return this.#topics.publish(this.#tenant, this.#topic, each, this.#rowkindField)
  }

  async close(): Promise<void> {}
}
