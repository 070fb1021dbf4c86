import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import test, { type ExecutionContext } from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { makeCertificates } from '#test/fixtures/certificates.ts'
import { listen } from '#test/fixtures/tcp.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

test('fetch asks granted servers, and reads what they answer', async (t) => {
  const { origin } = await serve(t, async (request, response) => {
    const body = await textOf(request)
    response.writeHead(201, 'Made', { 'X-One': 'a', 'Set-Cookie': ['a=1', 'b=2'] })
    const { method, url, headers } = request
    response.end(
      JSON.stringify({ method, url, body, type: headers['content-type'], own: headers['x-own'] }),
    )
  })
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin },
    body: `
      const response = await fetch(props.origin + '/a/b?c=d#e', {
        method: 'post', headers: { 'X-Own': 'ü' }, body: JSON.stringify({ n: 1 }),
      })
      const { status, statusText, ok, url, bodyUsed } = response
      const json = await response.json()
      const again = await response.text().catch((error) => error.message)
      return { status, statusText, ok, url, bodyUsed, json, again, one: response.headers.get('x-one'),
        cookies: response.headers.getSetCookie(), same: ctx.fetch === fetch, isResponse: response instanceof Response }`,
  })
  t.deepEqual(answer, {
    ...{ status: 201, statusText: 'Made', ok: true, url: `${origin}/a/b?c=d#e`, bodyUsed: false },
    json: {
      ...{ method: 'POST', url: '/a/b?c=d', body: '{"n":1}', own: 'ü' },
      type: 'text/plain;charset=UTF-8',
    },
    again: 'the body was read already',
    one: 'a',
    cookies: ['a=1', 'b=2'],
    same: true,
    isResponse: true,
  })
})

test('what was not granted, or cannot be asked in one way only, reaches nobody', async (t) => {
  let count = 0
  const { origin, port } = await serve(t, (_request, response) => {
    count++
    response.end()
  })
  const urls = [
    `http://localhost:${port}/`,
    `https://127.0.0.1:${port}/`,
    'http://127.0.0.1/',
    `http://granted.example@127.0.0.1:${port}/`,
    `http://granted:secret@127.0.0.1:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    'file:///etc/passwd',
    'data:text/plain,x',
    '//127.0.0.1',
    `http://127.0.0.1:${port}.example.com/`,
    'ws://127.0.0.1/',
    '',
    'a'.repeat(100_000),
  ]
  const wishes = [
    { method: 'CONNECT' },
    { method: 'TRACE' },
    { method: 'GET\r\nX: y' },
    { method: '' },
    { headers: { a: 'b\r\nc: d' } },
    { headers: { 'a\r\nb': 'c' } },
    { headers: { 'a b': 'c' } },
    { headers: { a: '\u0000' } },
    { headers: { a: '漢' } },
    { headers: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`h${i}`, 'x'])) },
    { headers: { a: 'x'.repeat(100_000) } },
    { method: 'GET', body: 'x' },
    { method: 'POST', body: 'x'.repeat(17_000_000) },
  ]
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin, urls, wishes },
    body: `
      const outcome = (promise) => promise.then(({ status }) => status, (error) => error.code ?? error.name)
      const urls = []
      for (const url of props.urls) urls.push(await outcome(fetch(url)))
      const wishes = []
      for (const wish of props.wishes) wishes.push(await outcome(fetch(props.origin, wish)))
      return { urls, wishes }`,
  })
  const { urls: byUrl, wishes: byWish } = answer as Record<string, string[]>
  for (const [index, found] of Object.entries(byUrl ?? {}))
    t.true(
      ['ERR_PLUGIN_DENIED', 'EINVAL', 'TypeError', 'ERR_INVALID_URL'].includes(found),
      `${urls[Number(index)]}: ${found}`,
    )
  for (const [index, found] of Object.entries(byWish ?? {}))
    t.true(
      ['EINVAL', 'TypeError', 'RangeError'].includes(found),
      `${JSON.stringify(wishes[Number(index)]).slice(0, 60)}: ${found}`,
    )
  t.is(byUrl?.length, urls.length)
  t.is(count, 0)
})

test('an address written in another way is the same origin, or none', async (t) => {
  const { origin, port } = await serve(t, ({ headers }, response) => response.end(headers.host))
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { port },
    body: `
      const hosts = []
      for (const host of ['2130706433', '0x7f.1', '127.0.0.1.']) {
        hosts.push(await fetch('http://' + host + ':' + props.port + '/', { headers: { Host: 'evil.example' } })
          .then((response) => response.text(), (error) => error.code))
      }
      return hosts`,
  })
  t.deepEqual(
    answer,
    Array.from({ length: 3 }, () => `127.0.0.1:${port}`),
  )
})

test('large bodies wait for one another, and all arrive', async (t) => {
  const { origin } = await serve(t, async (request, response) => {
    let bytes = 0
    for await (const part of request) bytes += (part as Buffer).length
    response.end(String(bytes))
  })
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin },
    body: `
      const body = new Uint8Array(12000000)
      const send = async () => Number(await (await fetch(props.origin, { method: 'POST', body })).text())
      const sizes = await Promise.all(Array.from({ length: 5 }, send))
      return sizes.reduce((sum, size) => sum + size, 0)`,
  })
  t.is(answer, 60_000_000)
})

test('no redirect is followed', async (t) => {
  let inner = 0
  const secret = await serve(t, (_request, response) => {
    inner++
    response.end('secret')
  })
  const { origin } = await serve(t, (_request, response) => {
    response.writeHead(302, { location: `${secret.origin}/` })
    response.end()
  })
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin },
    body: `
      const response = await fetch(props.origin)
      const error = await fetch(props.origin, { redirect: 'error' }).catch((error) => error.name)
      return { status: response.status, location: response.headers.get('location'), error }`,
  })
  t.deepEqual(answer, { status: 302, location: `${secret.origin}/`, error: 'TypeError' })
  t.is(inner, 0)
})

test('an answer comes by pieces, and the server waits for a plugin that does not read', async (t) => {
  let written = 0
  const gate = Promise.withResolvers<void>()
  const { origin } = await serve(t, (request, response) => {
    if (request.url === '/gate') return void gate.promise.then(() => response.end())
    const piece = Buffer.alloc(65_536, 'x')
    const more = () => {
      while (written < 512) {
        written++
        if (!response.write(piece)) return
      }
      response.end()
    }
    response.on('drain', more)
    more()
  })
  const rule = await probes.start({
    powers: { network: [origin] },
    props: { origin },
    body: `
      const response = await fetch(props.origin)
      tell('waiting')
      await fetch(props.origin + '/gate')
      let bytes = 0
      for await (const piece of response.body) bytes += piece.length
      return bytes`,
  })
  t.teardown(() => probes.stop(rule.name))
  await eventually(
    () => probes.answers(rule),
    (answers) => answers.length === 1,
  )
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.true(written < 256, `${written} pieces for a plugin that does not read`)
  gate.resolve()
  const answers = await eventually(
    () => probes.answers(rule),
    (found) => found.length === 2,
  )
  t.is(answers[1], 512 * 65_536)
})

test('many requests at once wait for their turn, and all are answered', async (t) => {
  let [open, most] = [0, 0]
  const { origin } = await serve(t, (_request, response) => {
    open++
    most = Math.max(most, open)
    setTimeout(() => {
      open--
      response.end('x')
    }, 5)
  })
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin },
    body: `
      const texts = await Promise.all(Array.from({ length: 300 }, async () => (await fetch(props.origin)).text()))
      return texts.join('').length`,
  })
  t.is(answer, 300)
  t.true(most <= 16, `${most} at one time`)
})

test('answers that are cut off, late, or no answers at all fail, and free their places', async (t) => {
  const { port } = await listen(t, (socket) => {
    socket.once('data', (bytes) => {
      if (`${bytes}`.startsWith('GET /cut')) {
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc')
      } else if (`${bytes}`.startsWith('GET /junk')) socket.end('I am no server of yours\r\n\r\n')
      else if (`${bytes}`.startsWith('GET /head')) {
        socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(50_000)}`)
      } else if (`${bytes}`.startsWith('GET /switch')) {
        socket.end('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')
      }
    })
  })
  const origin = `http://127.0.0.1:${port}`
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin },
    body: `
      const code = (path, options) => fetch(props.origin + path, options)
        .then((response) => response.text()).then(() => 'read', (error) => error.code)
      const codes = new Set()
      for (let n = 0; n < 100; n++) codes.add(await code('/cut'))
      return [[...codes], await code('/junk'), await code('/head'), await code('/switch'),
        await code('/silent', { timeoutMs: 200 })]`,
  })
  const [cut, ...others] = answer as [string[], ...string[]]
  t.deepEqual(cut, ['ECONNRESET'])
  t.deepEqual(others, ['HPE_INVALID_CONSTANT', 'HPE_HEADER_OVERFLOW', 'EPROTO', 'ETIMEDOUT'])
})

test('a request is given up when its signal says so', async (t) => {
  let closed = 0
  const { origin } = await serve(t, (request, response) => {
    response.on('close', () => {
      closed++
    })
    if (request.url === '/begun') response.write('begun')
  })
  const answer = await probes.run(t, {
    powers: { network: [origin] },
    props: { origin },
    body: `
      const name = (url, signal) => fetch(url, { signal }).then(() => 'answered', (error) => error.name)
      const abort = new AbortController()
      const response = await fetch(props.origin + '/begun', { signal: abort.signal })
      abort.abort()
      const begun = await response.text().catch((error) => error.name)
      return [begun, await name(props.origin, AbortSignal.abort()), await name(props.origin, AbortSignal.timeout(50))]`,
  })
  t.deepEqual(answer, ['AbortError', 'AbortError', 'TimeoutError'])
  await eventually(
    async () => closed,
    (count) => count >= 1,
  )
})

test('https is checked as TLS is; an authority of one’s own is named with the request', async (t) => {
  const made = await makeCertificates()
  if (made === undefined) {
    t.pass('there is no openssl')
    return
  }
  const server = createSecureServer({ cert: made.cert, key: made.key }, (_request, response) => {
    response.end('secret')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const answer = await probes.run(t, {
    powers: { network: [`https://localhost:${port}`] },
    props: { url: `https://localhost:${port}/`, ca: made.ca },
    body: `
      const text = (options) => fetch(props.url, options).then((response) => response.text(), (error) => error.code)
      return [await text({ tls: { ca: props.ca } }), await text(), await text({ tls: { rejectUnauthorized: false } }),
        await text({ tls: { ca: props.ca, servername: 'other.example' } })]`,
  })
  const [good, unknown, unchecked, otherName] = answer as string[]
  t.is(good, 'secret')
  t.regex(unknown ?? '', /CERT|VERIFY/)
  t.is(unchecked, unknown)
  t.is(otherName, 'ERR_TLS_CERT_ALTNAME_INVALID')
})

async function serve(t: ExecutionContext, answer: RequestListener) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, origin: `http://127.0.0.1:${port}` }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += part
  return text
}
