import type { ConnectorContext, SourceConnector, SourceWriter } from '../connector.ts'
import { Properties } from '../properties.ts'
import type { MemoryTopics } from './topics.ts'
import { TopicWriters } from './writers.ts'

/**
 * Reads what memory sinks of the same tenant write. At qos 0 a reader that is too slow drops, counted; it never pushes
 * back. With a spool it does, and the writer's rows are acknowledged when they are safe in it.
 */
export class MemorySource implements SourceConnector {
  readonly isLocal = true
  readonly #topics: MemoryTopics
  #filter = ''
  #unsubscribe: (() => void) | undefined
  #writer: SourceWriter | undefined
  /** Who wait until what they have written is safe. */
  #unsafe = 0

  constructor(topics: MemoryTopics) {
    this.#topics = topics
  }

  configure(datasource: string, props: Readonly<Record<string, unknown>>): void {
    if (datasource === '')
      new Properties('source "memory"', props).refuse('DATASOURCE', 'must name a topic')
    this.#filter = datasource
  }

  async open(context: ConnectorContext, writer: SourceWriter): Promise<void> {
    this.#writer = writer
    const writers = writer.ledger && new TopicWriters(writer.ledger)
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
        name: nameOf(context),
        lastOf: (origin) => writers?.lastOf(origin) ?? 0,
        took: (origin, first, count) => writers?.took(origin, first, count),
        onRoom: (listener) => writer.onRoom(listener),
        whenDurable: (listener) => {
          this.#unsafe++
          writer.whenDurable?.(() => {
            this.#unsafe--
            listener()
          })
        },
      },
    )
    context.connection('connected')
  }

  /** What it has taken is safe before it is through: those who wrote it wait for that. */
  async close(): Promise<void> {
    this.#unsubscribe?.()
    const writer = this.#writer
    await new Promise<void>((resolve) => {
      if (writer?.whenDurable === undefined || this.#unsafe === 0) resolve()
      else writer.whenDurable(resolve)
    })
  }
  async forget(context: SubscriberName): Promise<void> {
    this.#topics.forget(context.tenant, nameOf(context))
  }
}

type SubscriberName = Pick<ConnectorContext, 'tenant' | 'ruleId' | 'name'>

function nameOf({ ruleId, name }: SubscriberName): string {
  return JSON.stringify([ruleId, name])
}
