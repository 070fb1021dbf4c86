import { connect as connectTcp, type Socket } from 'node:net'
import { createSecureContext, createServer, TLSSocket } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { type Certificates, makeCertificates } from '#test/fixtures/certificates.ts'
import { listen } from '#test/fixtures/tcp.ts'

const certificates = await makeCertificates()
const probes = new ProbeCell()
test.after.always(() => probes.close())

const readAll = `const readAll = async (connection) => {
  let text = ''
  for await (const bytes of connection) text += new TextDecoder().decode(bytes)
  return text
}`

const withTls = certificates === undefined ? test.skip : test
if (certificates === undefined) test('TLS is not tested: there is no openssl', (t) => t.pass())

withTls('TLS ends in the host; a plugin names the authority that it trusts', async (t) => {
  const { ca, port } = await secureServer(t, (socket) => socket.pipe(socket))
  const answer = await probes.run(t, {
    head: readAll,
    powers: { network: [`tls://localhost:${port}`] },
    props: { ca, port },
    body: `
      const connection = await ctx.connect({ host: 'localhost', port: props.port, tls: { ca: props.ca } })
      await connection.write('secret')
      await connection.end()
      const text = await readAll(connection)
      return { text, protocol: connection.tls.protocol, fingerprint: connection.tls.fingerprint.length }`,
  })
  t.deepEqual(answer, { text: 'secret', protocol: 'TLSv1.3', fingerprint: 95 })
})

withTls('a certificate is always checked: its authority, its name, its bytes', async (t) => {
  const { ca, port } = await secureServer(t, (socket) => socket.pipe(socket))
  const answer = await probes.run(t, {
    powers: { network: [`tls://localhost:${port}`, `tls://127.0.0.1:${port}`] },
    props: { ca, port },
    body: `
      const code = (options) => ctx.connect({ host: 'localhost', port: props.port, ...options }).then(() => 'connected', (error) => error.code)
      return [
        await code({ tls: true }),
        await code({ tls: { ca: props.ca, rejectUnauthorized: false, servername: 'other.example' } }),
        await code({ tls: { rejectUnauthorized: false } }),
        await code({ tls: { ca: 'no certificate' } }),
        await code({ host: '127.0.0.1', tls: { ca: props.ca } }),
      ]`,
  })
  const [unknown, otherName, unchecked, noPem, byAddress] = answer as string[]
  t.regex(
    unknown ?? '',
    /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/,
  )
  t.is(otherName, 'ERR_TLS_CERT_ALTNAME_INVALID')
  t.is(unchecked, unknown)
  t.not(noPem, 'connected')
  t.is(byAddress, 'connected')
})

withTls('a grant of tcp is no grant of tls, nor the other way round', async (t) => {
  const { port } = await secureServer(t, (socket) => socket.end())
  const answer = await probes.run(t, {
    powers: { network: [`tcp://localhost:${port}`, `tls://127.0.0.1:${port}`] },
    props: { port },
    body: `
      const code = (options) => ctx.connect({ port: props.port, ...options }).then(() => 'connected', (error) => error.code)
      return [await code({ host: 'localhost', tls: true }), await code({ host: '127.0.0.1' })]`,
  })
  t.deepEqual(answer, ['ERR_PLUGIN_DENIED', 'ERR_PLUGIN_DENIED'])
})

withTls('a connection is turned to TLS where its protocol says so', async (t) => {
  const { ca, port } = await upgradingServer(t)
  const answer = await probes.run(t, {
    head: readAll,
    powers: { network: [`tcp://localhost:${port}`] },
    props: { ca, port },
    body: `
      const connection = await ctx.connect({ host: 'localhost', port: props.port })
      await connection.write('STARTTLS')
      const { value } = await connection[Symbol.asyncIterator]().next()
      await connection.startTls({ ca: props.ca })
      const again = await connection.startTls().then(() => 'twice', (error) => error.code)
      await connection.write('in secret')
      await connection.end()
      const text = await readAll(connection)
      return { word: new TextDecoder().decode(value), text, protocol: connection.tls.protocol, again }`,
  })
  t.deepEqual(answer, {
    word: 'GO',
    text: 'heard in secret',
    protocol: 'TLSv1.3',
    again: 'EINVAL',
  })
})

withTls('an upgrade that fails ends the connection and says why', async (t) => {
  const { port } = await upgradingServer(t)
  const answer = await probes.run(t, {
    powers: { network: [`tcp://localhost:${port}`] },
    props: { port },
    body: `
      const connection = await ctx.connect({ host: 'localhost', port: props.port })
      await connection.write('STARTTLS')
      await connection[Symbol.asyncIterator]().next()
      const code = await connection.startTls().catch((error) => error.code)
      const closed = await connection.closed.then(() => 'closed', (error) => error.code)
      const written = await connection.write('x').then(() => 'written', (error) => error.code)
      return { same: code === closed, isCertificate: /CERT|VERIFY/.test(code), written }`,
  })
  t.deepEqual(answer, { same: true, isCertificate: true, written: 'ECONNABORTED' })
})

withTls('clear text that somebody puts before the handshake ends the connection', async (t) => {
  const { port } = await listen(t, (socket) => {
    socket.on('data', () => {})
    setTimeout(() => socket.write('injected'), 300)
  })
  const answer = await probes.run(t, {
    powers: { network: [`tcp://localhost:${port}`] },
    props: { port },
    body: `
      const connection = await ctx.connect({ host: 'localhost', port: props.port })
      await connection.write('STARTTLS')
      const code = await connection.startTls().catch((error) => error.code)
      const { done } = await connection[Symbol.asyncIterator]().next().catch(() => ({ done: true }))
      return { failed: typeof code, done }`,
  })
  t.deepEqual(answer, { failed: 'string', done: true })
})

withTls('a peer that says nothing to the handshake is given up', async (t) => {
  const { port } = await listen(t, (socket) => socket.resume())
  const answer = await probes.run(t, {
    powers: { network: [`tls://localhost:${port}`, `tcp://localhost:${port}`] },
    props: { port },
    body: `
      const code = await ctx.connect({ host: 'localhost', port: props.port, tls: true, timeoutMs: 200 }).catch((error) => error.code)
      const connection = await ctx.connect({ host: 'localhost', port: props.port, timeoutMs: 200 })
      return [code, await connection.startTls().catch((error) => error.code)]`,
  })
  t.deepEqual(answer, ['ETIMEDOUT', 'ETIMEDOUT'])
})

async function secureServer(t: ExecutionContext, serve: (socket: TLSSocket) => void) {
  const { ca, cert, key } = certificates as Certificates
  const server = createServer({ cert, key, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  return { ca, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

/** Speaks clear text until it is told STARTTLS. */
async function upgradingServer(t: ExecutionContext) {
  const { ca, cert, key } = certificates as Certificates
  const secureContext = createSecureContext({ cert, key })
  const { port } = await listen(t, (socket: Socket) => {
    socket.once('data', () => {
      socket.write('GO', () => {
        const secure = new TLSSocket(socket, { isServer: true, secureContext })
        secure.on('error', () => {})
        secure.on('data', (bytes) => secure.end(`heard ${bytes}`))
      })
    })
  })
  return { ca, port }
}

test('a port that nobody granted hears nothing of TLS either', async (t) => {
  let count = 0
  const { port } = await listen(t, () => {
    count++
  })
  const answer = await probes.run(t, {
    props: { port },
    body: `return ctx.connect({ host: '127.0.0.1', port: props.port, tls: true }).catch((error) => error.code)`,
  })
  t.is(answer, 'ERR_PLUGIN_DENIED')
  // The server does answer.
  await new Promise<void>((resolve) => {
    const own = connectTcp(port, '127.0.0.1', () => {
      own.end()
      resolve()
    })
  })
  t.true(count <= 1)
})
