import { setImmediate as turn } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { BadWorker } from '#test/fixtures/bad-worker.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { listen, type TcpServer } from '#test/fixtures/tcp.ts'

async function start(t: ExecutionContext): Promise<{ bad: BadWorker; server: TcpServer }> {
  const server = await listen(t, (socket) => socket.on('data', () => {}))
  return { bad: new BadWorker(t, [`tcp://127.0.0.1:${server.port}`]), server }
}

const malformed: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['no method', { id: 1, args: [] }],
  ['an id that is no number', { id: {}, method: 'socket.connect', args: [] }],
  ['args that are no list', { id: 1, method: 'socket.connect', args: { length: 5 } }],
  ['a method of the prototype', { id: 1, method: 'constructor', args: [] }],
  ['no args', { id: 1, method: 'socket.connect', args: [] }],
  ['a socket id below 0', { id: 1, method: 'socket.connect', args: [-1, 'tcp', 'a', 1, {}] }],
  ['no scheme', { id: 1, method: 'socket.connect', args: [1, 'file', 'a', 1, {}] }],
  ['a host that is an object', { id: 1, method: 'socket.connect', args: [1, 'tcp', {}, 1, {}] }],
  ['a huge host', { id: 1, method: 'socket.connect', args: [1, 'tcp', 'a'.repeat(1e6), 1, {}] }],
  ['port 0', { id: 1, method: 'socket.connect', args: [1, 'tcp', 'a', 0, {}] }],
  ['port 1e9', { id: 1, method: 'socket.connect', args: [1, 'tcp', 'a', 1e9, {}] }],
  ['no options', { id: 1, method: 'socket.connect', args: [1, 'tcp', 'a', 1, null] }],
  ['a text written', { method: 'socket.write', args: [1, 'text'] }],
  ['shared memory written', { method: 'socket.write', args: [1, new SharedArrayBuffer(8)] }],
  ['a credit below 0', { method: 'socket.taken', args: [1, -5] }],
  ['a credit that is no number', { method: 'socket.taken', args: [1, '5'] }],
  ['endless credit', { method: 'socket.taken', args: [1, Number.POSITIVE_INFINITY] }],
  ['tls of nothing', { id: 1, method: 'socket.secure', args: [1, null] }],
  [
    'tls with a function’s text as list',
    { id: 1, method: 'socket.secure', args: [1, { alpn: {} }] },
  ],
  ['a huge authority', { id: 1, method: 'socket.secure', args: [1, { ca: 'a'.repeat(3e5) }] }],
]

for (const [name, message] of malformed) {
  test(`five times "${name}" ends the worker, and nothing else`, async (t) => {
    const { bad, server } = await start(t)
    await bad.open(server.port)
    for (let n = 0; n < 4; n++) bad.send(message)
    await turn()
    await turn()
    t.deepEqual(bad.offences, [])
    bad.send(message)
    await eventually(
      async () => bad.offences.length,
      (count) => count === 1,
    )
    t.regex(bad.offences[0] ?? '', /^plugin bad@1\.0\.0: the worker broke the protocol: /)
  })
}

test('a socket belongs to the port that opened it', async (t) => {
  const { bad, server } = await start(t)
  await bad.open(server.port)
  const received: unknown[] = []
  for (const socket of server.sockets) socket.on('data', (bytes) => received.push(bytes))
  bad.send({ method: 'socket.write', args: [1, new ArrayBuffer(3)] }, 1)
  bad.send({ method: 'socket.close', args: [1] }, 1)
  bad.send({ id: 5, method: 'socket.connect', args: [2, 'tcp', '127.0.0.1', server.port, {}] }, 1)
  await eventually(
    async () => bad.heard.find(({ id }) => id === 5)?.error?.code,
    (code) => code === 'ERR_PLUGIN_DENIED',
  )
  t.is(received.length, 0)
  t.is(server.sockets.size, 1)
  t.deepEqual(bad.offences, [])
})

test('more bytes than there is room for close the connection', async (t) => {
  const server = await listen(t, (socket) => socket.pause())
  const bad = new BadWorker(t, [`tcp://127.0.0.1:${server.port}`])
  await bad.open(server.port)
  for (let n = 0; n < 200; n++) bad.call('socket.write', 1, new ArrayBuffer(262_144))
  await eventually(
    async () => bad.heard.filter(({ event }) => event === 'socket.closed').length,
    (count) => count === 1,
  )
  t.deepEqual(bad.heard.find(({ event }) => event === 'socket.closed')?.args, [
    1,
    { code: 'ECONNABORTED', message: 'more was written than there was room for' },
  ])
})

test('more bytes taken than were sent are an offence', async (t) => {
  const { bad, server } = await start(t)
  await bad.open(server.port)
  for (let n = 0; n < 5; n++) bad.call('socket.taken', 1, 1)
  await eventually(
    async () => bad.offences.length,
    (count) => count === 1,
  )
  t.regex(bad.offences[0] ?? '', /more bytes taken than were sent/)
})

test('one id is one connection: a second one of that id is an offence', async (t) => {
  const { bad, server } = await start(t)
  await bad.open(server.port)
  for (let n = 0; n < 5; n++) {
    bad.send({ id: n, method: 'socket.connect', args: [1, 'tcp', '127.0.0.1', server.port, {}] })
  }
  await eventually(
    async () => bad.offences.length,
    (count) => count === 1,
  )
  t.is(server.sockets.size, 1)
})

test('a thousand messages to sockets that are not there are late, not hostile', async (t) => {
  const { bad, server } = await start(t)
  for (let n = 0; n < 1000; n++) bad.call('socket.write', n, new ArrayBuffer(10))
  for (let n = 0; n < 1000; n++) bad.call('socket.close', n)
  await bad.open(server.port, 5000)
  t.deepEqual(bad.offences, [])
  t.is(server.sockets.size, 1)
})

test('a flood of connections meets the limit before any name is looked up', async (t) => {
  const { bad, server } = await start(t)
  for (let n = 1; n <= 60; n++) {
    bad.send({ id: n, method: 'socket.connect', args: [n, 'tcp', '127.0.0.1', server.port, {}] })
  }
  await eventually(
    async () => bad.heard.filter(({ ok }) => ok !== undefined).length,
    (count) => count === 60,
  )
  for (let n = 61; n <= 100; n++) {
    bad.send({ id: n, method: 'socket.connect', args: [n, 'tcp', '127.0.0.1', server.port, {}] })
  }
  await eventually(
    async () => bad.heard.filter(({ error }) => error?.code === 'ERR_PLUGIN_LIMIT').length,
    (count) => count === 36,
  )
  t.deepEqual(bad.offences, [])
})

test('revoked, the port and every socket of it are gone at once', async (t) => {
  const { bad, server } = await start(t)
  await bad.open(server.port)
  bad.facades.close()
  bad.call('socket.write', 1, new ArrayBuffer(10))
  await eventually(
    async () => [...server.sockets].every((socket) => socket.readableEnded || socket.destroyed),
    (areClosed) => areClosed,
  )
  t.deepEqual(bad.offences, [])
})
