import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { NotConnected } from '@plutino/sdk'
import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { eachPayload, payloadBytes, payloadsOf } from '../payloads.ts'
import { Properties } from '../properties.ts'
import { BrokerConnection } from './connection.ts'
import { type BrokerOptions, readBrokerOptions } from './options.ts'
import { PublishWriter } from './packets.ts'

/** Publications not yet acknowledged, at most: mosquitto 2.0 was seen to lose one of a hundred sent at once at qos 2. */
const IN_FLIGHT = 16

/**
 * Publishes every payload on a topic. At qos 0 the packets of a chunk are one write to the socket; at qos 1 and 2 a chunk
 * is acknowledged when the broker has acknowledged all of it.
 */
export class MqttSink implements SinkConnector {
  #props: Properties = new Properties('sink "mqtt"', {})
  #topic = ''
  #qos: 0 | 1 | 2 = 0
  #retained = false
  #broker: BrokerOptions | undefined
  #connection: BrokerConnection | undefined
  #publish: PublishWriter | undefined
  /** At qos > 0: the payload of the chunk in hand that comes next. */
  #next = -1

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "mqtt"', props)
    this.#props = read
    this.#topic = read.required('topic')
    if (/[+#\0]/.test(this.#topic))
      read.refuse('topic', `must not hold a wildcard: "${this.#topic}"`)
    this.#qos = read.integer('qos', 0, 0, 2) as 0 | 1 | 2
    this.#retained = read.flag('retained', false)
    readBrokerOptions(read, '')
  }

  async open(context: ConnectorContext): Promise<void> {
    const id = `plutino-${context.tenant}-${context.ruleId}-${context.name}-${randomBytes(4).toString('hex')}`
    const broker = readBrokerOptions(this.#props, id)
    this.#broker = broker
    this.#publish = new PublishWriter(this.#topic, {
      retained: this.#retained,
      version: broker.client.protocolVersion ?? 4,
    })
    const connection = new BrokerConnection(broker, context, {
      publish: () => true,
      burst: () => true,
    })
    connection.client.on('connect', () => context.connection('connected'))
    this.#connection = connection
    await connection.settled()
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    const { client, tap } = this.#connection as BrokerConnection
    if (!client.connected || tap === undefined) {
      throw new NotConnected(`sink "mqtt": broker ${this.#broker?.address} is not connected`)
    }
    if (this.#qos > 0) return this.#publishAcknowledged(chunk)
    const publish = this.#publish as PublishWriter
    const out = Buffer.allocUnsafe(payloadBytes(chunk) + chunk.count * publish.bytesFor(0))
    let used = 0
    eachPayload(chunk, (bytes, start, end) => {
      used = publish.write(out, used, bytes, start, end)
    })
    if (!tap.write(out.subarray(0, used))) {
      await Promise.race([once(tap, 'drain'), once(tap, 'close')])
      if (tap.destroyed)
        throw new NotConnected(
          `sink "mqtt": broker ${this.#broker?.address} went away while it was written to`,
        )
    }
  }

  async #publishAcknowledged(chunk: PayloadChunk): Promise<void> {
    const { client } = this.#connection as BrokerConnection
    const options = { qos: this.#qos, retain: this.#retained }
    let pending: Promise<void>[] = []
    for (const { bytes, sequence } of payloadsOf(chunk)) {
      if (sequence < this.#next) continue
      pending.push(client.publishAsync(this.#topic, Buffer.from(bytes), options).then(() => {}))
      if (pending.length < IN_FLIGHT) continue
      await this.#settle(pending)
      this.#next = sequence + 1
      pending = []
    }
    await this.#settle(pending)
    this.#next = chunk.first + chunk.count
  }

  async #settle(pending: readonly Promise<void>[]): Promise<void> {
    const results = await Promise.allSettled(pending)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return
    const reason = String(failed.reason?.message ?? failed.reason)
    throw new NotConnected(`sink "mqtt": publishing on "${this.#topic}" failed: ${reason}`)
  }

  async close(): Promise<void> {
    await this.#connection?.close()
  }
}
