import type {
  ConnectorContext,
  ConnectorType,
  PayloadChunk,
  SinkConnector,
} from '#host/cell/connectors/connector.ts'
import { payloadsOf } from '#host/cell/connectors/payloads.ts'

type Listener = (payload: string) => void

/** The name of the action that hands a rule's results to whoever reads them over REST. */
export const rowsAction = 'rows'

/** Results of rules with the action `rows`, for those who listen at the moment. Nobody listens: they are gone. */
export class RowHub {
  readonly #listeners = new Map<string, Set<Listener>>()

  /** @returns ends it */
  listen(tenant: string, rule: string, listener: Listener): () => void {
    const name = `${tenant}/${rule}`
    const all = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, all)
    all.add(listener)
    return () => {
      all.delete(listener)
      if (all.size === 0 && this.#listeners.get(name) === all) this.#listeners.delete(name)
    }
  }

  publish(tenant: string, rule: string, chunk: PayloadChunk): void {
    const listeners = this.#listeners.get(`${tenant}/${rule}`)
    if (listeners === undefined) return
    for (const { bytes } of payloadsOf(chunk)) {
      const text = Buffer.from(bytes).toString()
      for (const listener of listeners) listener(text)
    }
  }

  /** The sink, as a cell takes it. */
  connector(): ConnectorType<SinkConnector> {
    return { name: rowsAction, create: () => new RowsSink(this) }
  }
}

class RowsSink implements SinkConnector {
  readonly #hub: RowHub
  #context: ConnectorContext | undefined

  constructor(hub: RowHub) {
    this.#hub = hub
  }

  configure(): void {}

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    context.connection('connected')
  }

  collect(chunk: PayloadChunk): void {
    const context = this.#context
    if (context !== undefined) this.#hub.publish(context.tenant, context.ruleId, chunk)
  }

  async close(): Promise<void> {}
}
