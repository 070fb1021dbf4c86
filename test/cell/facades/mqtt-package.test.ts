import { connect } from 'node:net'
import { Aedes } from 'aedes'
import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { listen } from '#test/fixtures/tcp.ts'
import { serveWebSockets } from '#test/fixtures/websocket.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

const body = `
  const client = await mqtt.connectAsync(props.url, { clientId: 'sandboxed', connectTimeout: 20000 })
  const heard = []
  const all = new Promise((resolve) => client.on('message', (topic, payload) => {
    if (heard.push([topic, String(payload)]) === 100) resolve()
  }))
  await client.subscribeAsync('demo/#', { qos: 1 })
  await Promise.all(Array.from({ length: 100 }, (_, n) => client.publishAsync('demo/' + (n % 3), 'row ' + n, { qos: 1 })))
  await all
  await client.endAsync()
  return { first: heard[0], inOrder: heard.every(([, text], n) => text === 'row ' + n) }`
const expected = { first: ['demo/0', 'row 0'], inOrder: true }
const head = `const mqtt = require('mqtt')`

test('the package mqtt subscribes and publishes over a WebSocket that was granted', async (t) => {
  const broker = await Aedes.createBroker()
  t.teardown(() => broker.close())
  const { port } = await listen(t, (socket) => broker.handle(socket))
  // The broker behind a WebSocket server, as behind a proxy: messages are its bytes.
  const { origin } = await serveWebSockets(t, (socket) => {
    const behind = connect(port, '127.0.0.1')
    behind.on('data', (bytes) => socket.send(bytes))
    behind.on('error', () => socket.terminate())
    socket.on('message', (bytes) => behind.write(bytes))
    socket.on('close', () => behind.end())
  })
  const answer = await probes.run(t, {
    packs: true,
    head,
    powers: { network: [origin] },
    props: { url: origin },
    body,
  })
  t.deepEqual(answer, expected)
})

test('the package mqtt subscribes and publishes over a socket that was granted', async (t) => {
  const broker = await Aedes.createBroker()
  t.teardown(() => broker.close())
  const { port } = await listen(t, (socket) => broker.handle(socket))
  const answer = await probes.run(t, {
    packs: true,
    head,
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { url: `mqtt://127.0.0.1:${port}` },
    body,
  })
  t.deepEqual(answer, expected)
})
