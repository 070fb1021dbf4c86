import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { PayloadError } from '../payload-error.ts'
import { eachPayload } from '../payloads.ts'
import { Properties } from '../properties.ts'
import { noTopic, topicRuns } from '../topic-runs.ts'
import type { MemoryTopics, Origin } from './topics.ts'

/** Writes to a topic of the tenant, for other rules to read. */
export class MemorySink implements SinkConnector {
  readonly #topics: MemoryTopics
  #topic = ''
  #tenant = ''
  #context: ConnectorContext | undefined
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
    this.#context = context
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
    return this.#topics.publish(this.#tenant, topic, each, {
      rowkindField: this.#rowkindField,
      origin: this.#originOf(chunk),
    })
  }

  /** What is sent again from a cache comes behind greater numbers: those say nothing about it. */
  #originOf({ first, generation, isResent }: PayloadChunk): Origin | undefined {
    const context = this.#context
    if (context === undefined || context.qos === 0 || isResent === true) return undefined
    const { ruleId, name } = context
    return {
      name: JSON.stringify([ruleId, name]),
      generation: generation ?? context.generation,
      first,
    }
  }

  async close(): Promise<void> {}
}
