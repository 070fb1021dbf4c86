import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import mqtt from 'mqtt'
import { startMosquitto } from '#test/fixtures/broker.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { freePort } from '#test/fixtures/ports.ts'
import { until } from '#test/fixtures/until.ts'
import { assertWhole, linesOf, markerZip, statusOf } from '#test/fixtures/upgrade-rules.ts'

const PER_SECOND = 5000
const PER_TICK = 100

test('upgrades under 5000 messages a second lose and double nothing, at qos 1 over MQTT and at qos 0 from memory', async (t) => {
  t.timeout(300_000)
  const broker = await startMosquitto(await freePort())
  if (broker === undefined) {
    t.log('skipped: mosquitto is not installed')
    return t.pass()
  }
  t.teardown(() => broker.close())
  const folder = makeFolder(t)
  const host = await HostProcess.start(folder)
  t.teardown(() => host.kill())
  const send = host.send.bind(host)
  const install = (version: string) => ({ name: 'mark', file: markerZip(folder, version) })
  await send('POST', '/plugins/functions', install('1.0.0'))
  await send('PUT', '/metadata/sources/mqtt/confKeys/here', { server: broker.url, qos: 1 })
  const stream = (name: string, type: string) =>
    send('POST', '/streams', {
      sql: `CREATE STREAM ${name} (n BIGINT) WITH (DATASOURCE="up/rows", TYPE="${type}", FORMAT="json"${type === 'mqtt' ? ', CONF_KEY="here"' : ''})`,
    })
  await stream('rows', 'mqtt')
  await stream('copies', 'memory')
  const out = (id: string) => join(folder, `${id}.jsonl`)
  const rule = (id: string, from: string, options: object) =>
    send('POST', '/rules', {
      id,
      sql: `SELECT n, mark(n) AS m FROM ${from}`,
      actions: [{ file: { path: out(id), sendSingle: true } }],
      options,
    })
  await rule('kept', 'copies', { plugins: { mark: '^1' } })
  await rule('memory', 'copies', {})
  await rule('mqtt', 'rows', { qos: 1, checkpointInterval: '500ms' })
  await send('POST', '/rules', {
    id: 'relay',
    sql: 'SELECT n FROM rows',
    actions: [{ memory: { topic: 'up/rows', sendSingle: true } }],
    options: { qos: 1 },
  })
  await until('a connection', async () => {
    const all = await Promise.all(['mqtt', 'relay'].map((id) => statusOf(send, id)))
    return all.every((status) => status.source_rows_0_connection_status === 1)
  })
  const client = await mqtt.connectAsync(broker.url)
  t.teardown(() => client.endAsync(true))
  let sent = 0
  let isOver = false
  const sending = (async () => {
    const started = performance.now()
    while (!isOver) {
      const due = ((performance.now() - started) / 1000) * PER_SECOND
      for (let i = 0; i < PER_TICK && sent < due; i++) {
        client.publish('up/rows', JSON.stringify({ n: ++sent }), { qos: 1 })
      }
      await sleep(5)
    }
    await client.publishAsync('up/end', '', { qos: 1 })
  })()
  const answers: string[] = []
  let last = '1.0.0'
  // before the next one comes
  const haveRowsOf = (wanted: string) =>
    until(`rows of ${wanted}`, () =>
      ['mqtt', 'memory'].every((id) => linesOf(out(id)).at(-1)?.version === wanted),
    )
  for (const version of ['2.0.0', '2.1.0', '2.2.0']) {
    await sleep(1200)
    await haveRowsOf(last)
    last = version
    answers.push(String(await send('PUT', '/plugins/functions/mark', install(version))))
  }
  await haveRowsOf(last)
  isOver = true
  await sending
  const ids = ['mqtt', 'memory', 'kept']
  await until(`${sent} rows in each output`, () =>
    ids.every((id) => linesOf(out(id)).length >= sent),
  )
  t.log(`${sent} rows, ${answers.join(' ')}`)
  for (const answer of answers)
    t.is(
      answer,
      'functions plugin mark is updated. Rules moved to it: memory, mqtt. Rules that stay as they are: kept.',
    )
  for (const id of ids) {
    const versions = new Set(assertWhole(t, out(id), sent).map(({ version }) => version))
    const expected = id === 'kept' ? ['1.0.0'] : ['1.0.0', '2.0.0', '2.1.0', '2.2.0']
    t.deepEqual([...versions], expected, id)
    const status = await statusOf(send, id)
    const version = id === 'kept' ? '1.0.0' : '2.2.0'
    t.deepEqual(status.plugins, [`function mark of acme-marker@${version}`])
    t.like(status, { status: 'running', restarts: 0, deaths: [] })
  }
  t.is(await host.stop(), 0)
})
