import { createServer, type TLSSocket } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { type Certificates, makeCertificates } from '#test/fixtures/certificates.ts'

const certificates = await makeCertificates()
const probes = new ProbeCell()
test.after.always(() => probes.close())

const withTls = certificates === undefined ? test.skip : test
if (certificates === undefined) test('TLS is not tested: there is no openssl', (t) => t.pass())

const head = `const tls = require('tls')
const meet = (options) => new Promise((resolve) => {
  const socket = tls.connect(options)
  socket.once('secureConnect', () => {
    socket.once('data', (bytes) => {
      resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol, authorized: socket.authorized, ...JSON.parse(bytes) })
      socket.destroy()
    })
  })
  socket.once('error', (error) => resolve(error.code))
})`

/** Tells each client what it has seen of it. */
async function serve(t: ExecutionContext) {
  const { ca, cert, key } = certificates as Certificates
  let met = 0
  const options = { ca, cert, key, requestCert: true, rejectUnauthorized: false }
  const server = createServer({ ...options, ALPNProtocols: ['two'] }, (socket: TLSSocket) => {
    met++
    socket.on('error', () => {})
    const { servername, authorized } = socket as TLSSocket & { servername?: string | false }
    const client = socket.getPeerCertificate().subject?.CN ?? null
    socket.write(JSON.stringify({ name: servername, client, isKnown: authorized }))
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const powers = { network: [`tls://127.0.0.1:${port}`, `tls://localhost:${port}`] }
  return { powers, props: { ca, cert, key, port }, met: () => met }
}

withTls(
  'tls.connect honours host, port, servername, ca, cert, key, ALPN and contexts',
  async (t) => {
    const { powers, props } = await serve(t)
    const answer = await probes.run(t, {
      ...{ packs: true, head, powers, props },
      body: `
      const { ca, cert, key, port } = props
      return [
        await meet({ host: '127.0.0.1', port, ca }),
        await meet({ host: '127.0.0.1', port, ca, servername: 'localhost', cert, key, ALPNProtocols: ['one', 'two'] }),
        await meet({ host: 'localhost', port, secureContext: tls.createSecureContext({ ca: [Buffer.from(ca)], cert, key }) }),
        await meet({ host: 'localhost', port }),
        await meet({ host: '127.0.0.1', port, ca, servername: 'other.example' }),
      ]`,
    })
    const [plain, full, context, unknown, other] = answer as unknown[]
    const met = { protocol: 'TLSv1.3', alpn: false, authorized: true, name: false }
    t.deepEqual(plain, { ...met, client: null, isKnown: false })
    const known = { client: 'localhost', isKnown: true, name: 'localhost' }
    t.deepEqual(full, { ...met, ...known, alpn: 'two' })
    t.deepEqual(context, { ...met, ...known })
    t.regex(`${unknown}`, /UNABLE_TO|SELF_SIGNED/)
    t.is(other, 'ERR_TLS_CERT_ALTNAME_INVALID')
  },
)

withTls('tls.connect honours timeout: a connection that is silent says so', async (t) => {
  const { powers, props } = await serve(t)
  const answer = await probes.run(t, {
    ...{ packs: true, head, powers, props },
    body: `
      const socket = tls.connect({ host: 'localhost', port: props.port, ca: props.ca, timeout: 100 })
      socket.resume()
      return new Promise((resolve) => socket.once('timeout', () => { resolve('silent'); socket.destroy() }))`,
  })
  t.is(answer, 'silent')
})

withTls('tls.connect refuses what the host does not take, before anything is sent', async (t) => {
  const { powers, props, met } = await serve(t)
  const answer = await probes.run(t, {
    ...{ packs: true, head, powers, props },
    body: `
      const { ca, port } = props
      const codes = []
      for (const more of [{ rejectUnauthorized: false }, { path: '/run/x.sock' }, { pfx: Buffer.alloc(9) }, { passphrase: 'x' }, { crl: 'x' }])
        codes.push(await meet({ host: 'localhost', port, ca, ...more }))
      return codes`,
  })
  t.deepEqual(answer, Array(5).fill('ERR_PLUGIN_DENIED'))
  t.is(met(), 0)
})

withTls('what tls.connect ignores takes away no check', async (t) => {
  const { powers, props } = await serve(t)
  const answer = await probes.run(t, {
    ...{ packs: true, head, powers, props },
    body: `
      const { ca, port } = props
      let asked = 0
      const ask = () => { asked++ }
      const weak = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'NULL', secureProtocol: 'TLSv1_method', ecdhCurve: 'x', sigalgs: 'x',
        session: Buffer.alloc(4), requestOCSP: true, secureOptions: 1, lookup: ask, checkServerIdentity: ask }
      const met = await meet({ host: 'localhost', port, ca, ...weak })
      const other = await meet({ host: 'localhost', port, ca, ...weak, servername: 'other.example' })
      const unknown = await meet({ host: 'localhost', port, ...weak })
      return { protocol: met.protocol, authorized: met.authorized, other, isUnknown: /UNABLE_TO|SELF_SIGNED/.test(unknown), asked }`,
  })
  t.deepEqual(answer, {
    ...{ protocol: 'TLSv1.3', authorized: true, other: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    ...{ isUnknown: true, asked: 0 },
  })
})
