import test, { type ExecutionContext } from 'ava'
import mqtt, { type MqttClient } from 'mqtt'
import { startAedes, startMosquitto } from '#test/fixtures/broker.ts'
import { until } from '#test/fixtures/until.ts'
import { type Product, startProduct } from './product.ts'

type Payload = string | Buffer

/** What comes in, then the rows that come out; or why there are none. */
interface Case {
  readonly payload: Payload
  readonly rows?: readonly unknown[]
  /** The whole text of the row error that the status shows. */
  readonly error?: string
}

const lenient: Readonly<Record<string, Case>> = {
  'not JSON': {
    payload: 'hello',
    error: `payload is not JSON: Unexpected token 'h', "hello" is not valid JSON`,
  },
  empty: { payload: '', error: 'payload is not JSON: Unexpected end of JSON input' },
  'cut off': {
    payload: '{"a":1',
    error:
      "payload is not JSON: Expected ',' or '}' after property value in JSON at position 6 (line 1 column 7)",
  },
  'something behind it': {
    payload: '{"a":1}x',
    error:
      'payload is not JSON: Unexpected non-whitespace character after JSON at position 7 (line 1 column 8)',
  },
  null: {
    payload: 'null',
    error: 'payload is null, not an object or an array of objects',
  },
  'a number': {
    payload: '7',
    error: 'payload is a number, not an object or an array of objects',
  },
  'a list with a number in it': {
    payload: '[{"a":5},3]',
    error: 'element 1 of the payload is a number, not an object',
  },
  'an empty list': { payload: '[]', rows: [] },
  'NUL bytes': {
    payload: '\0\0',
    error: `payload is not JSON: Unexpected token ' ', "  " is not valid JSON`,
  },
  'a raw NUL in a text': {
    payload: '{"name":"x\0y"}',
    error:
      'payload is not JSON: Bad control character in string literal in JSON at position 10 (line 1 column 11)',
  },
  'an escaped NUL in a text': { payload: '{"name":"x\\u0000y"}', rows: [{ name: 'x\0y' }] },
  'bytes that are no UTF-8': {
    payload: Buffer.from([0xff, 0xfe]),
    error: `payload is not JSON: Unexpected token '\ufffd', "\ufffd\ufffd" is not valid JSON`,
  },
  'a text that is no UTF-8': {
    payload: Buffer.from([...Buffer.from('{"name":"'), 0xff, ...Buffer.from('"}')]),
    rows: [{ name: '\ufffd' }],
  },
  'keys of the language': {
    payload: '{"__proto__":{"a":9},"constructor":1,"a":2}',
    rows: [{ a: 2 }],
  },
  'a million brackets in a column that nobody reads': {
    payload: `{"z":${'['.repeat(1e6)}${']'.repeat(1e6)},"a":3}`,
    rows: [{ a: 3 }],
  },
  'a wrong type, in an expression': {
    payload: '{"b":"x"}',
    error: 'invalid operation string(x) + int64(1)',
  },
  'a wrong type of a megabyte, in an expression': {
    payload: `{"b":"${'x'.repeat(1e6)}"}`,
    error: `invalid operation string(${'x'.repeat(200)}…) + int64(1)`,
  },
}

const strict: Readonly<Record<string, Case>> = {
  'a text for a BIGINT': { payload: '{"a":"x"}', error: 'a has wrong type:string, expect:bigint' },
  'a fraction for a BIGINT': {
    payload: '{"a":1.5}',
    error: 'a has wrong type:number, expect:bigint',
  },
  'brackets for a BIGINT': {
    payload: `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
    error: 'a has wrong type:array, expect:bigint',
  },
  'an object for a text': {
    payload: '{"name":{}}',
    error: 'name has wrong type:object, expect:string',
  },
}

async function startRule(product: Product, name: string, options: string): Promise<void> {
  const { host, broker } = product
  await host.send('POST', '/streams', {
    sql: `CREATE STREAM ${name} (a BIGINT, name STRING, b BIGINT) WITH (TYPE="mqtt", DATASOURCE="${name}/in", CONF_KEY="here", FORMAT="json"${options})`,
  })
  await host.send('POST', '/rules', {
    id: name,
    sql: `SELECT a, name, b + 1 AS c FROM ${name}`,
    actions: [{ mqtt: { server: broker.url, topic: `${name}/out`, sendSingle: true } }],
  })
  await until(`a connection of ${name}`, async () => {
    const status = await statusOf(product, name)
    return status[`source_${name}_0_connection_status`] === 1 ? true : undefined
  })
}

async function statusOf(
  { host }: Product,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  return (await host.send('GET', `/rules/${name}/status`)) as Record<string, unknown>
}

/** Row errors by the rule, and the last one of them. */
function errorsIn(status: Readonly<Record<string, unknown>>): { count: number; last: string } {
  let count = 0
  let last = ''
  let latest = 0
  for (const [key, value] of Object.entries(status)) {
    if (/_exceptions_total$/.test(key)) count += Number(value)
    const time = Number(status[key.replace(/exception$/, 'exception_time')])
    if (!/_last_exception$/.test(key) || time < latest || value === '') continue
    latest = time
    last = String(value)
  }
  return { count, last }
}

async function feed(
  t: ExecutionContext,
  product: Product,
  name: string,
  cases: Readonly<Record<string, Case>>,
): Promise<void> {
  const { client } = product
  const rows: unknown[] = []
  client.on('message', (topic, payload) => {
    if (topic === `${name}/out`) rows.push(JSON.parse(payload.toString()))
  })
  await client.subscribeAsync(`${name}/out`)
  let n = 1000
  let expected = 0
  for (const [what, { payload, rows: wanted = [], error }] of Object.entries(cases)) {
    rows.length = 0
    const next = { a: ++n, name: 'good' }
    await client.publishAsync(`${name}/in`, payload, { qos: 1 })
    await client.publishAsync(`${name}/in`, JSON.stringify(next), { qos: 1 })
    await until(`the good row after ${what}`, () =>
      rows.length > wanted.length ? true : undefined,
    )
    t.deepEqual(rows, [...wanted, next], what)
    const status = await until(`the error of ${what}`, async () => {
      const found = await statusOf(product, name)
      const isThere = errorsIn(found).count >= expected + (error === undefined ? 0 : 1)
      return isThere ? found : undefined
    })
    if (error !== undefined) expected++
    t.is(errorsIn(status).count, expected, what)
    if (error !== undefined) t.is(errorsIn(status).last, error, what)
    t.like(status, { status: 'running', restarts: 0 }, what)
  }
}

test('a payload that is no row is one counted, visible error; the next one comes out, and the rule beside goes on', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t)
  await startRule(product, 'lenient', '')
  await startRule(product, 'strict', ', STRICT_VALIDATION="true"')
  await feed(t, product, 'lenient', lenient)
  await feed(t, product, 'strict', strict)
  await product.goesOn()
})

const brokers = { aedes: startAedes, mosquitto: startMosquitto }

for (const [name, startBroker] of Object.entries(brokers)) {
  test(`50 MB in one payload come out, and hold nobody up (${name})`, async (t) => {
    t.timeout(300_000)
    const broker = await startBroker()
    if (broker === undefined) return t.pass('mosquitto is not installed here')
    t.teardown(() => broker.close())
    const product = await startProduct(t)
    const client = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
    t.teardown(() => client.endAsync(true))
    await client.subscribeAsync('large/out')
    await product.host.send('PUT', '/metadata/sources/mqtt/confKeys/here', {
      server: broker.url,
      qos: 1,
    })
    await startRule({ ...product, broker }, 'large', '')
    const rows = rowsOf(client, 2)
    await client.publishAsync('large/in', `{"z":"${'x'.repeat(50e6)}","a":1}`, { qos: 1 })
    await client.publishAsync('large/in', '{"a":2}', { qos: 1 })
    await product.goesOn()
    t.deepEqual(await rows, ['{"a":1}', '{"a":2}'])
    t.like(await statusOf(product, 'large'), { status: 'running', restarts: 0 })
  })
}

function rowsOf(client: MqttClient, count: number): Promise<string[]> {
  const rows: string[] = []
  return new Promise((resolve) => {
    client.on('message', (_, payload) => {
      rows.push(payload.toString())
      if (rows.length === count) resolve(rows)
    })
  })
}
