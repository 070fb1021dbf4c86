import { type IClientOptions, MqttClient } from 'mqtt'
import type { ConnectorContext } from '../connector.ts'
import type { BrokerOptions } from './options.ts'
import { MqttTap, type TapHandler } from './tap.ts'

const FIRST_RETRY_MS = 500
const GOODBYE_MS = 300

/**
 * A connection to a broker that keeps itself: with back-off after a loss, and its state told to the context. The tap of
 * the moment is `tap`.
 */
export class BrokerConnection {
  readonly client: MqttClient
  readonly #context: ConnectorContext
  tap: MqttTap | undefined
  #isClosing = false

  constructor(broker: BrokerOptions, context: ConnectorContext, handler: TapHandler) {
    this.#context = context
    const firstMs = Math.min(FIRST_RETRY_MS, broker.maxReconnectMs)
    const options: IClientOptions = { ...broker.client, reconnectPeriod: firstMs }
    context.connection('connecting')
    // `mqtt.connect` would ignore a stream builder of ours without a word
    this.client = new MqttClient(() => (this.tap = new MqttTap(broker, handler)), options)
    let lastError = ''
    this.client.on('connect', () => {
      options.reconnectPeriod = firstMs
      this.client.options.reconnectPeriod = firstMs
    })
    this.client.on('error', (error) => {
      lastError = `broker ${broker.address}: ${reasonOf(error)}`
      context.connection('disconnected', lastError)
    })
    this.client.on('close', () => {
      if (this.#isClosing) return
      const period = this.client.options.reconnectPeriod ?? firstMs
      this.client.options.reconnectPeriod = Math.min(
        broker.maxReconnectMs,
        Math.round(period * 1.7),
      )
      context.connection('disconnected', lastError || `broker ${broker.address}: connection closed`)
    })
    this.client.on('reconnect', () => context.connection('connecting'))
  }

  /** Resolves at the first connection, or when the first attempt has failed: from then on it is a matter of trying. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.client.once('connect', () => resolve())
      this.client.once('close', () => resolve())
      this.client.once('error', () => resolve())
    })
  }

  /** Says goodbye to a broker that listens; a socket that is not being read would never hear its answer. */
  async close(): Promise<void> {
    this.#isClosing = true
    const { tap } = this
    const goodbye = setTimeout(() => tap?.destroy(), GOODBYE_MS)
    await new Promise<void>((resolve) =>
      this.client.end(!this.client.connected, {}, () => resolve()),
    )
    clearTimeout(goodbye)
    this.tap?.destroy()
    this.#context.connection('disconnected', 'closed')
  }
}

/** An AggregateError of several addresses has no message of its own. */
function reasonOf(error: Error & { code?: unknown }): string {
  return error.message || String(error.code ?? error.name)
}

/** Ends what the broker keeps for a client. Resolves when it has said so, or cannot be reached. */
export async function endSession(broker: BrokerOptions): Promise<void> {
  const handler = { publish: () => true, burst: () => true }
  const client = new MqttClient(() => new MqttTap(broker, handler), {
    ...broker.client,
    clean: true,
    reconnectPeriod: 0,
  })
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve())
      client.once('error', reject)
      client.once('close', () => reject(new Error('the connection was closed')))
    })
  } catch (error) {
    const reason = error instanceof Error ? reasonOf(error) : String(error)
    const text = `broker ${broker.address} keeps the session "${broker.client.clientId}"`
    throw new Error(`${text}: it cannot be ended: ${reason}`)
  } finally {
    await new Promise<void>((resolve) => client.end(!client.connected, {}, () => resolve()))
  }
}
