import type { ConnectorContext, SourceConnector, SourceWriter } from '../connector.ts'
import { Properties } from '../properties.ts'
import type { MemoryTopics } from './topics.ts'

/**
 * Reads what memory sinks of the same tenant write. At qos 0 a reader that is too slow drops, counted; it never pushes
 * back. With a spool it does, and the writer's rows are acknowledged when they are safe in it.
 */
export class MemorySource implements SourceConnector {
  readonly #topics: MemoryTopics
  #filter = ''
  #unsubscribe: (() => void) | undefined

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  configure(datasource: string, props: Readonly<Record<string, unknown>>): void {
    if (datasource === '')
      new Properties('source "memory"', props).refuse('DATASOURCE', 'must name a topic')
    this.#filter = datasource
  }

  async open(context: ConnectorContext, writer: SourceWriter): Promise<void> {
    const references = new Map<string, number>()
    this.#unsubscribe = this.#topics.subscribe(
      context.tenant,
      this.#filter,
      (topic, bytes, start, end) => {
        let reference = references.get(topic)
        if (reference === undefined) {
          reference = writer.meta({ topic })
          references.set(topic, reference)
        }
        const extra = { metaReference: reference, encoding: 'json' } as const
        if (writer.write(bytes, start, end, extra)) return true
        if (writer.whenDurable === undefined) writer.drop(bytes, start, end, extra)
        return false
      },
      () => writer.ring(),
      writer.whenDurable && {
        onRoom: (listener) => writer.onRoom(listener),
        whenDurable: (listener) => writer.whenDurable?.(listener),
      },
    )
    context.connection('connected')
  }

  async close(): Promise<void> {
    this.#unsubscribe?.()
  }
}
