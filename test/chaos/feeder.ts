import { setTimeout as sleep } from 'node:timers/promises'
import mqtt from 'mqtt'
import type { InputRow } from './rows.ts'

/** Hands rows over to a source, each until it is accepted. */
export interface Feeder {
  /** Resolves when they are accepted, however long that takes. */
  send(rows: readonly InputRow[]): Promise<void>
  /** Nothing is under way until `resume`. */
  pause(): Promise<void>
  resume(): void
  close(): Promise<void>
}

/** Between two attempts of a request. */
const AGAIN_MS = 25

export class HttpFeeder implements Feeder {
  readonly #url: string
  #batch = 0
  #isClosed = false

  constructor(url: string) {
    this.#url = url
  }

  async send(rows: readonly InputRow[]): Promise<void> {
    const headers = {
      'content-type': 'application/x-ndjson',
      'idempotency-key': `batch ${++this.#batch}`,
    }
    const body = rows.map((row) => JSON.stringify(row)).join('\n')
    while (!this.#isClosed) {
      const status = await fetch(this.#url, {
        method: 'POST',
        body,
        headers,
        signal: AbortSignal.timeout(5000),
      }).then(
        async (response) => {
          await response.text()
          return response.status
        },
        () => 0,
      )
      if (status === 200) return
      await sleep(AGAIN_MS)
    }
  }

  async pause(): Promise<void> {}

  resume(): void {}

  async close(): Promise<void> {
    this.#isClosed = true
  }
}

/** mosquitto drops what comes at qos 2 beyond its window of 20. */
const WINDOW = 10

export class MqttFeeder implements Feeder {
  readonly #client: mqtt.MqttClient
  #turn: Promise<void> = Promise.resolve()
  #resume: (() => void) | undefined

  private constructor(client: mqtt.MqttClient) {
    this.#client = client
  }

  static async connect(url: string): Promise<MqttFeeder> {
    const client = await mqtt.connectAsync(url.replace('tcp:', 'mqtt:'), {
      clientId: 'feeder',
      clean: false,
      reconnectPeriod: 100,
    })
    client.on('error', () => {})
    return new MqttFeeder(client)
  }

  async send(rows: readonly InputRow[]): Promise<void> {
    for (let at = 0; at < rows.length; at += WINDOW) {
      await this.#turn
      const part = rows.slice(at, at + WINDOW)
      const sent = Promise.all(
        part.map((row) => this.#client.publishAsync('rows', JSON.stringify(row), { qos: 2 })),
      )
      const under = sent.then(() => {})
      // who pauses meanwhile waits for what is under way
      this.#turn = under
      await under
    }
  }

  async pause(): Promise<void> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#resume = resolve
    this.#turn = before.then(() => promise)
    await before
  }

  resume(): void {
    this.#resume?.()
    this.#resume = undefined
  }

  async close(): Promise<void> {
    this.resume()
    await this.#client.endAsync(true)
  }
}
