import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import mqtt, { type MqttClient } from 'mqtt'
import { type Broker, startAedes } from '#test/fixtures/broker.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { type Answer, send } from '#test/fixtures/server.ts'

const ECHO_MS = 60_000

/** What a user has: a host in a process of its own, a broker, and a rule on it that must not notice anything. */
export interface Product {
  readonly folder: string
  readonly broker: Broker
  readonly client: MqttClient
  readonly host: HostProcess
  /** Ends the host as an operator would and starts it on the same folder. @returns the exit code of the first */
  again(environment?: Record<string, string>): Promise<number | string>
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** Resolves when the healthy rule has answered a new row; rejects when it does not. */
  goesOn(): Promise<void>
}

export async function startProduct(
  t: ExecutionContext,
  environment: Record<string, string> = {},
): Promise<Product> {
  const folder = makeFolder(t)
  const broker = await startAedes()
  t.teardown(() => broker.close())
  const client = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
  t.teardown(() => client.endAsync(true))
  await client.subscribeAsync('healthy/out')
  let host = await HostProcess.start(folder, environment)
  t.teardown(() => host.kill())
  const request = (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => send(host.url + path, method, body, headers)
  await host.send('PUT', '/metadata/sources/mqtt/confKeys/here', { server: broker.url, qos: 1 })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM healthy (n BIGINT) WITH (TYPE="mqtt", DATASOURCE="healthy/in", CONF_KEY="here", FORMAT="json")',
  })
  await host.send('POST', '/rules', {
    id: 'healthy',
    sql: 'SELECT n * 2 AS twice FROM healthy',
    actions: [{ mqtt: { server: broker.url, topic: 'healthy/out', sendSingle: true } }],
  })
  let n = 0
  return {
    folder,
    broker,
    client,
    get host() {
      return host
    },
    async again(changed = environment) {
      const code = await host.stop()
      host = await HostProcess.start(folder, changed)
      return code
    },
    request,
    goesOn: () => echo(client, ++n),
  }
}

/** Published until it is answered: right after a start the rule may not have subscribed yet. */
async function echo(client: MqttClient, n: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const wanted = JSON.stringify({ twice: n * 2 })
  const hear = (topic: string, payload: Buffer) => {
    if (topic === 'healthy/out' && payload.toString() === wanted) resolve()
  }
  const publish = () => client.publish('healthy/in', JSON.stringify({ n }), { qos: 1 })
  const timer = setInterval(publish, 500)
  const limit = setTimeout(
    () => reject(new Error(`the healthy rule did not answer within ${ECHO_MS} ms`)),
    ECHO_MS,
  )
  client.on('message', hear)
  publish()
  try {
    await promise
  } finally {
    clearInterval(timer)
    clearTimeout(limit)
    client.off('message', hear)
  }
}

export function dataFolder({ folder }: Product): string {
  return join(folder, 'data')
}
