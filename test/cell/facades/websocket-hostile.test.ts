import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { BadWorker } from '#test/fixtures/bad-worker.ts'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { listen } from '#test/fixtures/tcp.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

/** Asks a server that speaks whatever the test wants. @returns what became of the WebSocket */
async function meet(
  t: ExecutionContext,
  serve: (socket: Socket, key: string) => void,
  options: object = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { port } = await listen(t, (socket) => {
    socket.once('data', (bytes) => serve(socket, keyOf(`${bytes}`)))
  })
  const answer = await probes.run(t, {
    powers: { network: [`ws://127.0.0.1:${port}`] },
    props: { url: `ws://127.0.0.1:${port}/`, options },
    body: `
      const ws = new WebSocket(props.url, props.options)
      let bytes = 0
      let error
      ws.onmessage = ({ data }) => { bytes += data.length ?? data.byteLength }
      ws.onerror = (event) => { error = [event.error.code, event.message] }
      return new Promise((resolve) => { ws.onclose = ({ code, wasClean }) => resolve({ error, code, wasClean, bytes }) })`,
  })
  return answer as Readonly<Record<string, unknown>>
}

function keyOf(request: string): string {
  return /^sec-websocket-key: (\S+)/im.exec(request)?.[1] ?? ''
}

function agree(socket: Socket, key: string, more = ''): void {
  const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(text).digest('base64')
  const lines = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade'
  socket.write(`${lines}\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`)
}

const refusals: readonly (readonly [string, (socket: Socket, key: string) => void, RegExp])[] = [
  ['says no', (socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'), /answers with status 404/],
  [
    'leads elsewhere',
    (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: ws://db/\r\n\r\n'),
    /answers with status 302/,
  ],
  ['speaks no HTTP', (socket) => socket.write('220 mail\r\n\r\n'), /speaks no HTTP/],
  ['has not read the request', (socket) => agree(socket, 'other'), /has not read the request/],
  [
    'wants an extension',
    (socket, key) => agree(socket, key, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'),
    /extension that nobody offered/,
  ],
  [
    'wants a protocol',
    (socket, key) => agree(socket, key, 'Sec-WebSocket-Protocol: mqtt\r\n'),
    /protocol that nobody offered/,
  ],
  ['ends', (socket) => socket.end(), /closed the connection without an answer/],
  [
    'has no end in its head',
    (socket) => socket.write(`HTTP/1.1 101 OK\r\nx: ${'y'.repeat(40_000)}`),
    /its answer has no end/,
  ],
]

for (const [what, serve, reason] of refusals) {
  test(`a server that ${what} opens no WebSocket`, async (t) => {
    const { error, code, wasClean } = await meet(t, serve)
    const [kind, text] = error as string[]
    t.is(kind, 'EPROTO')
    t.regex(text ?? '', reason)
    t.deepEqual({ code, wasClean }, { code: 1006, wasClean: false })
  })
}

test('a server that never answers is given up, and so is one that answers for ever', async (t) => {
  const silent = await meet(t, () => {}, { timeoutMs: 300 })
  t.is((silent.error as string[])[0], 'ETIMEDOUT')
  const slow = await meet(
    t,
    (socket) => {
      const timer = setInterval(() => socket.write('H'), 20)
      socket.on('close', () => clearInterval(timer))
    },
    { timeoutMs: 300 },
  )
  t.is((slow.error as string[])[0], 'ETIMEDOUT')
})

const frames: readonly (readonly [string, readonly number[], number])[] = [
  ['an extension’s bit', [0xc1, 0], 1002],
  ['a mask', [0x81, 0x80, 0, 0, 0, 0], 1002],
  ['an unknown kind', [0x83, 0], 1002],
  ['an unknown control frame', [0x8b, 0], 1002],
  ['a ping in fragments', [0x09, 0], 1002],
  ['a ping that is too long', [0x89, 126, 0, 126], 1002],
  ['a fragment of nothing', [0x80, 0], 1002],
  ['a message within a message', [0x01, 0, 0x81, 0], 1002],
  ['a text that is no UTF-8', [0x81, 2, 0xc3, 0x28], 1007],
  ['a status that there is not', [0x88, 2, 0x03, 0xed], 1002],
  ['half a status', [0x88, 1, 3], 1002],
  ['a message without measure', [0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009],
  ['a message of 16 MiB and a byte', [0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1], 1009],
]

for (const [what, bytes, status] of frames) {
  test(`${what} ends the connection with status ${status}`, async (t) => {
    const said: Buffer[] = []
    const found = await meet(t, (socket, key) => {
      agree(socket, key)
      for (const byte of bytes) socket.write(Uint8Array.of(byte))
      socket.on('data', (part) => said.push(part as Buffer))
    })
    t.is((found.error as string[])[0], 'EPROTO')
    t.is(found.code, 1006)
    const all = () => Buffer.concat(said)
    await eventually(
      async () => all().length,
      (length) => length > 8,
    )
    t.is(all()[0], 0x88)
    // The mask of a client is over it.
    const at = 2
    const [high = 0, low = 0] = [6, 7].map((i) => (all()[i] ?? 0) ^ (all()[at + i - 6] ?? 0))
    t.is(high * 256 + low, status)
  })
}

test('fragments that never end meet the limit of a message', async (t) => {
  const found = await meet(t, (socket, key) => {
    agree(socket, key)
    const piece = Buffer.alloc(1e6 + 10)
    piece.set([0x00, 127, 0, 0, 0, 0])
    piece.writeUInt32BE(1e6, 6)
    socket.write(Uint8Array.of(0x02, 0))
    for (let n = 0; n < 20; n++) socket.write(piece)
  })
  t.regex(`${found.error}`, /more than 16777216 bytes/)
  t.is(found.bytes, 0)
})

test('a flood of pings whose answers nobody reads ends in order', async (t) => {
  const found = await meet(t, (socket, key) => {
    agree(socket, key)
    const pings = Buffer.alloc(127 * 8192)
    for (let at = 0; at < pings.length; at += 127) pings.set([0x89, 125], at)
    for (let n = 0; n < 20; n++) socket.write(pings)
    socket.pause()
    socket.write(Uint8Array.of(0x81, 1, 65, 0x88, 0), () => socket.resume())
  })
  t.deepEqual(found, { code: 1005, wasClean: true, bytes: 1 })
})

test('a flood of messages is held back while the plugin computes', async (t) => {
  let sent = 0
  const { port, sockets } = await listen(t, (socket) => {
    socket.once('data', (bytes) => {
      agree(socket, keyOf(`${bytes}`))
      const piece = Buffer.alloc(65_536)
      piece.set([0x82, 126, 0xff, 0xfc])
      const write = () => {
        while (!socket.destroyed && socket.write(piece)) sent += piece.length
      }
      socket.on('drain', write)
      write()
    })
  })
  const rule = await probes.start({
    powers: { network: [`ws://127.0.0.1:${port}`] },
    props: { url: `ws://127.0.0.1:${port}` },
    body: `
      const ws = new WebSocket(props.url)
      return new Promise((resolve) => {
        let bytes = 0
        ws.onmessage = ({ data }) => {
          bytes += data.byteLength
          const end = performance.now() + 5
          while (performance.now() < end);
          if (bytes > 4e6) { ws.onmessage = null; resolve(bytes); ws.close() }
        }
      })`,
  })
  t.teardown(() => probes.stop(rule.name))
  const [bytes] = await eventually(
    () => probes.answers(rule),
    (answers) => answers.length > 0,
  )
  t.true(Number(bytes) > 4e6)
  // What the system and the window hold, on top.
  t.true(sent < 40e6, `${sent}`)
  await eventually(
    async () => sockets.size,
    (size) => size === 0,
  )
})

const upgrade = { path: '/', protocols: [], headers: [] }
const malformed: readonly (readonly [string, unknown])[] = [
  ['no upgrade', undefined],
  ['no path', { ...upgrade, path: 7 }],
  ['protocols that are no list', { ...upgrade, protocols: 'a' }],
  ['a protocol with a line end', { ...upgrade, protocols: ['a\r\nx: y'] }],
  ['a hundred protocols', { ...upgrade, protocols: Array(100).fill('a') }],
  ['headers that are no list', { ...upgrade, headers: {} }],
  ['a header that is no text', { ...upgrade, headers: ['a', {}] }],
  ['a key with a line end', { ...upgrade, key: 'AAAAAAAAAAAAAAAAAAAAA\r\n=' }],
]

for (const [what, wanted] of malformed) {
  test(`five times ${what} on the port ends the worker, and nothing else`, async (t) => {
    const server = await listen(t, () => {})
    const bad = new BadWorker(t, [`ws://127.0.0.1:${server.port}`])
    for (let n = 1; n <= 5; n++) {
      const args = [n, 'ws', '127.0.0.1', server.port, { upgrade: wanted }]
      bad.send({ id: n, method: 'socket.connect', args })
    }
    await eventually(
      async () => bad.offences.length,
      (count) => count === 1,
    )
    t.is(server.sockets.size, 0)
  })
}

test('what a plugin says in the opening is one request and no more', async (t) => {
  let heard = ''
  const server = await listen(t, (socket) => {
    socket.on('data', (bytes) => {
      heard += bytes
    })
  })
  const bad = new BadWorker(t, [`ws://127.0.0.1:${server.port}`])
  const ask = (id: number, change: object) => {
    const options = { upgrade: { ...upgrade, ...change } }
    bad.send({ id, method: 'socket.connect', args: [id, 'ws', '127.0.0.1', server.port, options] })
  }
  ask(1, { path: '/ HTTP/1.1\r\nx: y' })
  ask(2, { headers: ['x', 'a\r\nb: c'] })
  ask(3, {
    headers: ['Host', 'other', 'Sec-WebSocket-Key', 'mine', 'Content-Length', '5', 'X-A', 'b'],
  })
  bad.call('socket.write', 3, new TextEncoder().encode('before the answer').buffer)
  await eventually(
    async () => heard,
    (text) => text.includes('\r\n\r\n'),
  )
  t.regex(heard, new RegExp(`^GET / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n`))
  t.regex(heard, /\r\nx-a: b\r\n\r\n$/)
  t.notRegex(heard, /mine|other|content-length|before/)
  for (const id of [1, 2]) t.is(bad.heard.find((each) => each.id === id)?.error?.code, 'EINVAL')
  t.deepEqual(bad.offences, [])
})
