import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { PayloadError } from '../payload-error.ts'
import { eachPayload } from '../payloads.ts'
import { Properties } from '../properties.ts'
import { noTopic, topicRuns } from '../topic-runs.ts'
import type { MemoryTopics } from './topics.ts'

/** Writes to a topic of the tenant, for other rules to read. */
export class MemorySink implements SinkConnector {
  readonly #topics: MemoryTopics
  #topic = ''
  #tenant = ''
  #isDynamic = false
  #rowkindField: string | undefined

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "memory"', props)
    this.#topic = read.required('topic')
    this.#isDynamic = read.isDynamic('topic')
    this.#rowkindField = read.text('rowkindField')
    if (!read.isDynamic('topic') && /[+#]/.test(this.#topic))
      read.refuse('topic', `must not hold a wildcard: "${this.#topic}"`)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#tenant = context.tenant
    context.connection('connected')
  }

  collect(chunk: PayloadChunk): void | Promise<void> {
    const { destination } = chunk
    if (destination !== undefined || !this.#isDynamic) {
      return this.#publish(destination ?? this.#topic, chunk)
    }
    return this.#publishRuns(chunk)
  }

  async #publishRuns(chunk: PayloadChunk): Promise<void> {
    let done = 0
    for (const { topic, part } of topicRuns(chunk)) {
      if (topic === undefined) throw new PayloadError(done, noTopic('memory'))
      try {
        await this.#publish(topic, part)
      } catch (error) {
        throw new PayloadError(done, error)
      }
      done += part.count
    }
  }

  #publish(topic: string, chunk: PayloadChunk): void | Promise<void> {
    const each = (take: (bytes: Uint8Array, start: number, end: number) => void) =>
      eachPayload(chunk, take)
    return this.#topics.publish(this.#tenant, topic, each, this.#rowkindField)
  }

  async close(): Promise<void> {}
}
