import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { NotConnected } from '@plutino/sdk'
import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { PayloadError } from '../payload-error.ts'
import { eachPayload, payloadBytes, payloadsOf } from '../payloads.ts'
import { Properties } from '../properties.ts'
import { checkedTopic, noTopic, topicRuns } from '../topic-runs.ts'
import { BrokerConnection } from './connection.ts'
import { type BrokerOptions, readBrokerOptions } from './options.ts'
import { PublishWriter } from './packets.ts'
import type { MqttTap } from './tap.ts'

/** Publications not yet acknowledged, at most: mosquitto 2.0 was seen to lose one of a hundred sent at once at qos 2. */
const IN_FLIGHT = 16
const MOST_TOPICS = 1000

/**
 * Publishes every payload on a topic. At qos 0 the packets of a chunk are one write to the socket; at qos 1 and 2 a chunk
 * is acknowledged when the broker has acknowledged all of it.
 */
export class MqttSink implements SinkConnector {
  readonly #base: string
  #props: Properties = new Properties('sink "mqtt"', {})
  #topic = ''
  #qos: 0 | 1 | 2 = 0
  #retained = false
  #broker: BrokerOptions | undefined
  #connection: BrokerConnection | undefined
  /** By topic; of a topic that is made for each row, those seen last. */
  readonly #writers = new Map<string, PublishWriter>()
  #isDynamic = false

  /** @param base where relative paths begin; empty: the working directory */
  constructor(base = '') {
    this.#base = base
  }

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "mqtt"', props, this.#base)
    this.#props = read
    this.#topic = read.required('topic')
    this.#isDynamic = read.isDynamic('topic')
    if (!this.#isDynamic && /[+#\0]/.test(this.#topic))
      read.refuse('topic', `must not hold a wildcard: "${this.#topic}"`)
    this.#qos = read.integer('qos', 0, 0, 2) as 0 | 1 | 2
    this.#retained = read.flag('retained', false)
    readBrokerOptions(read, '')
  }

  async open(context: ConnectorContext): Promise<void> {
    const id = `plutino-${context.tenant}-${context.ruleId}-${context.name}-${randomBytes(4).toString('hex')}`
    const broker = readBrokerOptions(this.#props, id)
    this.#broker = broker
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
    const { destination } = chunk
    const isOne = destination !== undefined || !this.#isDynamic
    const runs = isOne ? [{ topic: destination ?? this.#topic, part: chunk }] : topicRuns(chunk)
    if (this.#qos > 0) return this.#publishAcknowledged(chunk)
    const out: Buffer[] = []
    let done = 0
    for (const { topic, part } of runs) {
      if (topic === undefined) {
        await this.#write(tap, out)
        throw new PayloadError(done, noTopic('mqtt'))
      }
      out.push(this.#packets(topic, part))
      done += part.count
    }
    await this.#write(tap, out)
  }

  /** The packets of payloads on one topic. */
  #packets(topic: string, part: PayloadChunk): Buffer {
    const writer = this.#writerOf(topic)
    const out = Buffer.allocUnsafe(payloadBytes(part) + part.count * writer.bytesFor(0))
    let used = 0
    eachPayload(part, (bytes, start, end) => {
      used = writer.write(out, used, bytes, start, end)
    })
    return out.subarray(0, used)
  }

  #writerOf(topic: string): PublishWriter {
    const known = this.#writers.get(topic)
    if (known !== undefined) return known
    const version = this.#broker?.client.protocolVersion ?? 4
    const writer = new PublishWriter(topic, { retained: this.#retained, version })
    if (this.#writers.size >= MOST_TOPICS) this.#writers.clear()
    this.#writers.set(topic, writer)
    return writer
  }

  async #write(tap: MqttTap, out: readonly Buffer[]): Promise<void> {
    const [first] = out
    if (first === undefined || tap.write(out.length === 1 ? first : Buffer.concat(out))) return
    await Promise.race([once(tap, 'drain'), once(tap, 'close')])
    if (tap.destroyed)
      throw new NotConnected(
        `sink "mqtt": broker ${this.#broker?.address} went away while it was written to`,
      )
  }

  /** A few at a time; when one fails, those that were sent with it come again. */
  async #publishAcknowledged(chunk: PayloadChunk): Promise<void> {
    const { client } = this.#connection as BrokerConnection
    const options = { qos: this.#qos, retain: this.#retained }
    let done = 0
    let pending: Promise<void>[] = []
    for (const { bytes, sequence, meta } of payloadsOf(chunk)) {
      const topic = chunk.destination ?? (this.#isDynamic ? checkedTopic(meta?.topic) : this.#topic)
      if (topic === undefined) {
        await this.#settle(pending, done)
        throw new PayloadError(sequence - chunk.first, noTopic('mqtt'))
      }
      pending.push(client.publishAsync(topic, Buffer.from(bytes), options).then(() => {}))
      if (pending.length < IN_FLIGHT) continue
      await this.#settle(pending, done)
      done = sequence + 1 - chunk.first
      pending = []
    }
    await this.#settle(pending, done)
  }

  /** @param done payloads of the chunk that are through */
  async #settle(pending: readonly Promise<void>[], done: number): Promise<void> {
    const results = await Promise.allSettled(pending)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return
    const reason = String(failed.reason?.message ?? failed.reason)
    const text = `sink "mqtt": publishing on "${this.#topic}" failed: ${reason}`
    throw new PayloadError(done, new NotConnected(text))
  }

  async close(): Promise<void> {
    await this.#connection?.close()
  }
}
