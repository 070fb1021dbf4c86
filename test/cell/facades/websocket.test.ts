import { createServer as createSecureServer } from 'node:https'
import { createRequire } from 'node:module'
import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { makeCertificates } from '#test/fixtures/certificates.ts'
import { listen } from '#test/fixtures/tcp.ts'
import { serveWebSockets } from '#test/fixtures/websocket.ts'

const certificates = await makeCertificates()
const probes = new ProbeCell()
test.after.always(() => probes.close())

/** The first so many events of a WebSocket, as plain data. */
const head = `const opened = (ws) => new Promise((resolve, reject) => {
  ws.onopen = () => resolve(ws)
  ws.onerror = (event) => reject(event.error)
})
const next = (ws) => new Promise((resolve) => { ws.onmessage = ({ data }) => resolve(data) })
const closed = (ws) => new Promise((resolve) => {
  ws.addEventListener('close', ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }), { once: true })
})`

test('a plugin speaks with a WebSocket server that it was granted', async (t) => {
  const { origin } = await serveWebSockets(t, (socket, request) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    socket.send(`${request.url} ${request.headers['x-own']}`)
  })
  const answer = await probes.run(t, {
    head,
    powers: { network: [origin] },
    props: { origin },
    body: `
      const ws = new WebSocket(props.origin + '/a?b=c', { protocols: ['two', 'one'], headers: { 'X-Own': 'ü' } })
      const before = [ws.readyState, ws.binaryType, ws.url === props.origin + '/a?b=c']
      const early = (() => { try { ws.send('x') } catch (error) { return error.name } })()
      const greeting = next(ws)
      await opened(ws)
      const after = [ws.readyState, ws.protocol, ws.extensions, await greeting]
      ws.send('größe 🎈')
      const text = await next(ws)
      ws.send(new Uint8Array([9, 0, 255, 9]).subarray(1, 3))
      const bytes = await next(ws)
      ws.send('')
      const empty = await next(ws)
      const end = closed(ws)
      ws.close(3001, 'done')
      const closing = ws.readyState
      return { before, early, after, text, bytes: [bytes instanceof ArrayBuffer, ...new Uint8Array(bytes)], empty, closing,
        end: await end, last: ws.readyState, constants: [WebSocket.OPEN, ws.CLOSED] }`,
  })
  t.deepEqual(answer, {
    ...{ before: [0, 'arraybuffer', true], early: 'InvalidStateError' },
    ...{ after: [1, 'two', '', '/a?b=c ü'], text: 'größe 🎈', bytes: [true, 0, 255], empty: '' },
    ...{ closing: 2, end: { code: 3001, reason: 'done', wasClean: true }, last: 3 },
    constants: [1, 3],
  })
})

test('messages of 12 MB, in fragments, and ten thousand small ones come whole and in order', async (t) => {
  const { origin } = await serveWebSockets(t, (socket) => {
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        const bytes = data as Buffer
        socket.send(bytes.subarray(0, 5), { binary: true, fin: false })
        socket.ping('between')
        socket.send(bytes.subarray(5, 1000), { fin: false })
        socket.send(bytes.subarray(1000), { fin: true })
      } else socket.send(`${data}`)
    })
  })
  const answer = await probes.run(t, {
    head,
    powers: { network: [origin] },
    props: { origin },
    body: `
      const ws = await opened(new WebSocket(props.origin))
      const big = new Uint8Array(12e6).map((_, i) => i * 31)
      ws.send(big)
      const waits = ws.bufferedAmount > 1e6
      const back = new Uint8Array(await next(ws))
      const same = back.length === big.length && back.every((byte, i) => byte === big[i])
      const got = []
      const all = new Promise((resolve) => { ws.onmessage = ({ data }) => { if (got.push(data) === 10000) resolve() } })
      for (let n = 0; n < 10000; n++) ws.send('message ' + n)
      await all
      return { waits, same, inOrder: got.every((text, n) => text === 'message ' + n), left: ws.bufferedAmount }`,
  })
  t.deepEqual(answer, { waits: true, same: true, inOrder: true, left: 0 })
})

test('pings are answered, and the server’s way to close is told', async (t) => {
  const pongs: string[] = []
  const codes: number[] = []
  const { origin } = await serveWebSockets(t, (socket, request) => {
    socket.on('pong', (data) => {
      pongs.push(`${data}`)
      if (request.url === '/status') socket.close(4321, 'enough')
      else if (request.url === '/bare') socket.close()
      else socket.terminate()
    })
    socket.on('close', (code) => codes.push(code))
    socket.ping('are you there')
  })
  const answer = await probes.run(t, {
    head,
    powers: { network: [origin] },
    props: { origin },
    body: `
      const ends = []
      for (const path of ['/status', '/bare', '/gone']) ends.push(await closed(new WebSocket(props.origin + path)))
      return ends`,
  })
  t.deepEqual(answer, [
    { code: 4321, reason: 'enough', wasClean: true },
    { code: 1005, reason: '', wasClean: true },
    { code: 1006, reason: '', wasClean: false },
  ])
  t.deepEqual(pongs, ['are you there', 'are you there', 'are you there'])
  t.deepEqual(codes, [4321, 1005, 1006])
})

test('an origin that was not granted is refused, whatever else of its host was', async (t) => {
  let count = 0
  const { origin, port } = await serveWebSockets(t, () => count++)
  const answer = await probes.run(t, {
    head,
    powers: {
      network: [`tcp://127.0.0.1:${port}`, `http://127.0.0.1:${port}`, `wss://127.0.0.1:${port}`],
    },
    props: { origin },
    body: `
      const ws = new WebSocket(props.origin)
      const end = closed(ws)
      const error = await opened(ws).catch((error) => error)
      return { code: error.code, text: error.message.includes('--grant network=' + props.origin), end: await end }`,
  })
  const end = { code: 1006, reason: '', wasClean: false }
  t.deepEqual(answer, { code: 'ERR_PLUGIN_DENIED', text: true, end })
  t.is(count, 0)
})

test('a grant of ws is no grant of tcp', async (t) => {
  const { port } = await listen(t, () => {})
  const answer = await probes.run(t, {
    powers: { network: [`ws://127.0.0.1:${port}`] },
    props: { port },
    body: `return ctx.connect({ host: '127.0.0.1', port: props.port, upgrade: { path: '/', protocols: [], headers: [] } }).catch((error) => error.code)`,
  })
  t.is(answer, 'ERR_PLUGIN_DENIED')
})

test('what is wrong is refused before anything is sent', async (t) => {
  const answer = await probes.run(t, {
    body: `
      const name = (make) => { try { make(); return 'made' } catch (error) { return error.name } }
      const made = (...args) => name(() => new WebSocket(...args))
      const ws = new WebSocket('ws://a')
      return {
        addresses: ['', 'a', 'ftp://a', 'ws://a#b', 'ws://u:p@a'].map((url) => made(url)),
        protocols: [['a', 'a'], ['a b'], '', 'a,b'].map((list) => made('ws://a', list)),
        timeout: made('ws://a', { timeoutMs: 0 }),
        blob: name(() => { ws.binaryType = 'blob' }),
        codes: [1001, 999, 5000, 'x', 3000.5].map((code) => name(() => ws.close(code))),
        reason: name(() => ws.close(1000, 'a'.repeat(124))),
        http: new WebSocket('http://a/x').url,
        kinds: [String(ws), ws instanceof WebSocket, 'listenBy' in ws],
      }`,
  })
  t.deepEqual(answer, {
    addresses: Array(5).fill('SyntaxError'),
    protocols: Array(4).fill('SyntaxError'),
    ...{ timeout: 'TypeError', blob: 'TypeError' },
    codes: Array(5).fill('InvalidAccessError'),
    reason: 'SyntaxError',
    http: 'ws://a/x',
    kinds: ['[object WebSocket]', true, false],
  })
})

const withTls = certificates === undefined ? test.skip : test

withTls('over TLS, the certificate is checked', async (t) => {
  const server = createSecureServer({ cert: certificates?.cert, key: certificates?.key })
  const { port } = await serveWebSockets(t, (socket) => socket.send('in secret'), server)
  const answer = await probes.run(t, {
    head,
    powers: { network: [`wss://localhost:${port}`] },
    props: { url: `wss://localhost:${port}`, ca: certificates?.ca },
    body: `
      const unknown = await opened(new WebSocket(props.url)).catch((error) => error.code)
      const text = await next(new WebSocket(props.url, { tls: { ca: props.ca } }))
      return { text, unknown: /CERT|VERIFY/.test(unknown) }`,
  })
  t.deepEqual(answer, { text: 'in secret', unknown: true })
})

test('what a plugin has open is closed with its rule', async (t) => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const { origin } = await serveWebSockets(t, (socket) => socket.on('close', resolve))
  const rule = await probes.start({
    head,
    powers: { network: [origin] },
    props: { origin },
    body: `await opened(new WebSocket(props.origin)); return 'open'`,
  })
  while ((await probes.answers(rule)).length === 0)
    await new Promise((next) => setTimeout(next, 20))
  await probes.stop(rule.name)
  t.is(await promise, 1006)
})

test('what a listener throws costs the rule its worker, like any error that nobody catches', async (t) => {
  const { origin } = await serveWebSockets(t, (socket) => socket.send('x'))
  const { name } = await probes.start({
    powers: { network: [origin] },
    props: { origin },
    body: `new WebSocket(props.origin).onmessage = () => { throw new Error('mine') }; return new Promise(() => {})`,
  })
  t.teardown(() => probes.stop(name))
  const status = await eventually(
    () => probes.status(name),
    (found) => (found?.deaths.length ?? 0) > 0,
  )
  t.regex(status?.deaths[0]?.reason ?? '', /left an error that nobody caught: mine/)
})

test('the package ws speaks with a granted server, through Node’s http', async (t) => {
  t.truthy(createRequire(import.meta.url).resolve('ws'))
  const { origin } = await serveWebSockets(t, (socket, request) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    socket.send(`${request.headers['x-own']} ${socket.protocol}`)
  })
  const answer = await probes.run(t, {
    packs: true,
    head: `const { WebSocket: Socket, createWebSocketStream } = require('ws')`,
    powers: { network: [origin] },
    props: { origin },
    body: `
      const ws = new Socket(props.origin + '/x', ['p'], { headers: { 'X-Own': 'mine' } })
      const [greeting] = await new Promise((resolve, reject) => ws.once('message', (data) => resolve([String(data)])).once('error', reject))
      const big = Buffer.alloc(3e6, 'abc')
      ws.send(big)
      const back = await new Promise((resolve) => ws.once('message', resolve))
      const pong = new Promise((resolve) => ws.once('pong', (data) => resolve(String(data))))
      ws.ping('hello')
      const pinged = await pong
      const end = new Promise((resolve) => ws.once('close', (code, reason) => resolve([code, String(reason)])))
      ws.close(4000, 'bye')
      const [refused] = await new Promise((resolve) => new Socket('ws://127.0.0.1:1').once('error', (error) => resolve([error.code])))
      return { greeting, same: back.equals(big), pinged, end: await end, refused }`,
  })
  t.deepEqual(answer, {
    ...{ greeting: 'mine p', same: true, pinged: 'hello', end: [4000, 'bye'] },
    refused: 'ERR_PLUGIN_DENIED',
  })
})
