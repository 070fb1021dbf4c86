import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { drain, listen } from '#test/fixtures/tcp.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

const readAll = `const readAll = async (connection) => {
  let text = ''
  for await (const bytes of connection) text += new TextDecoder().decode(bytes)
  return text
}`

test('a plugin talks to exactly the address that it was granted', async (t) => {
  const { port } = await listen(t, (socket) => socket.pipe(socket))
  const answer = await probes.run(t, {
    head: readAll,
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `
      const connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      await connection.write('hello ')
      await connection.write(new TextEncoder().encode('wörld'))
      await connection.end()
      const text = await readAll(connection)
      await connection.closed
      return { text, from: connection.remoteAddress, port: connection.remotePort }`,
  })
  t.deepEqual(answer, { text: 'hello wörld', from: '127.0.0.1', port })
})

test('what was not granted is refused, with the power and the call that grants it, and counted', async (t) => {
  const accepted: unknown[] = []
  const { port } = await listen(t, (socket) => accepted.push(socket))
  const before = probes.refusals.length
  const answer = await probes.run(t, {
    powers: {
      network: [`tcp://127.0.0.1:${port === 1 ? 2 : 1}`],
      asked: ['network tcp://db:3306'],
    },
    props: { port },
    body: `
      const codes = []
      const messages = []
      for (const [host, port] of [['127.0.0.1', props.port], ['db', 3306], ['db', 3306]]) {
        await ctx.connect({ host, port }).catch((error) => {
          codes.push(error.code)
          messages.push(error.message)
        })
      }
      return { codes, messages }`,
  })
  const call = 'POST /plugins/sources/probe/grants, plutino plugin grant probe --grant network='
  const asked = `plugin acme-probe@1.0.0 asks for network "tcp://db:3306" and was not granted it: ${call}tcp://db:3306`
  t.deepEqual(answer, {
    codes: ['ERR_PLUGIN_DENIED', 'ERR_PLUGIN_DENIED', 'ERR_PLUGIN_DENIED'],
    messages: [
      `plugin acme-probe@1.0.0 has no network "tcp://127.0.0.1:${port}": its manifest has to ask for it in plutino.permissions.network, then grant it: ${call}tcp://127.0.0.1:${port}`,
      asked,
      asked,
    ],
  })
  t.is(accepted.length, 0)
  const mine = probes.refusals.slice(before).filter(({ to }) => to === 'tcp://db:3306')
  t.is(mine[0]?.power, 'network')
  t.is(mine[0]?.plugin, 'acme-probe')
  t.is(mine[0]?.count, 1)
})

test('tricks with addresses lead nowhere', async (t) => {
  const accepted: unknown[] = []
  const { port } = await listen(t, (socket) => accepted.push(socket))
  const hosts = [
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '127.1',
    '0177.0.0.1',
    'localhost',
    'LOCALHOST.',
    '127.0.0.1.',
    '127.0.0.1\r\n',
    '127.0.0.1\u0000',
    'granted.example@127.0.0.1',
    '127.0.0.1#granted.example',
    '::ffff:127.0.0.1',
    '[::1]',
    '::1%lo',
    '０.0.0.0',
    '%31%32%37.0.0.1',
    ' 127.0.0.1',
    '/run/mysqld/mysqld.sock',
    '',
  ]
  const answer = await probes.run(t, {
    powers: { network: [`tcp://granted.example:${port}`, `tls://127.0.0.1:${port}`] },
    props: { port, hosts },
    body: `
      const codes = {}
      for (const host of props.hosts) {
        const code = await ctx.connect({ host, port: props.port }).then(() => 'connected', (error) => error.code ?? error.name)
        codes[code] = (codes[code] ?? 0) + 1
      }
      return codes`,
  })
  t.deepEqual(answer, { ERR_PLUGIN_DENIED: hosts.length - 1, TypeError: 1 })
  t.is(accepted.length, 0)
})

test('options that are no options are refused before they cross', async (t) => {
  const answer = await probes.run(t, {
    body: `
      const wrong = [undefined, {}, { host: 'a' }, { host: 'a', port: 0 }, { host: 'a', port: 70000 },
        { host: 'a', port: 1.5 }, { host: {}, port: 1 }, { host: 'a'.repeat(1e5), port: 1 },
        { host: 'a', port: 1, tls: { ca: 'x'.repeat(1e6) } }, { host: 'a', port: 1, tls: { alpn: 'h2' } },
        { host: 'a', port: 1, timeoutMs: -1 }]
      const names = []
      for (const options of wrong) {
        names.push(await ctx.connect(options).then(() => 'connected', (error) => error.name))
      }
      return [...new Set(names)]`,
  })
  t.deepEqual(answer, ['TypeError'])
})

test('errors keep their codes: refused, unknown, too late', async (t) => {
  const gone = await listen(t, () => {})
  await gone.stop()
  const answer = await probes.run(t, {
    powers: {
      network: [
        `tcp://127.0.0.1:${gone.port}`,
        'tcp://no-such-host.invalid:1',
        'tcp://192.0.2.1:9',
      ],
    },
    props: { port: gone.port },
    body: `
      const code = (options) => ctx.connect(options).then(() => 'connected', (error) => error.code)
      return [
        await code({ host: '127.0.0.1', port: props.port }),
        await code({ host: 'no-such-host.invalid', port: 1, timeoutMs: 60000 }),
        await code({ host: '192.0.2.1', port: 9, timeoutMs: 200 }),
      ]`,
  })
  const [refused, unknown, late] = answer as string[]
  t.is(refused, 'ECONNREFUSED')
  t.true(unknown === 'ENOTFOUND' || unknown === 'EAI_AGAIN', unknown)
  // Where no route leads there, the network answers first.
  t.true(['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED'].includes(late ?? ''), late)
})

test('a plugin has 64 connections at most, and its place again when one is closed', async (t) => {
  const { port, sockets } = await listen(t, drain)
  const answer = await probes.run(t, {
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `
      const open = () => ctx.connect({ host: '127.0.0.1', port: props.port })
      const all = await Promise.allSettled(Array.from({ length: 200 }, open))
      const made = all.filter(({ status }) => status === 'fulfilled').map(({ value }) => value)
      const code = await open().catch((error) => error.code)
      for (const connection of made) connection.close()
      await (await open()).end()
      return { made: made.length, code }`,
  })
  t.deepEqual(answer, { made: 64, code: 'ERR_PLUGIN_LIMIT' })
  await eventually(
    async () => sockets.size,
    (size) => size === 0 || size === 1,
  )
})

test('what a plugin has open is closed with its rule', async (t) => {
  const { port, sockets } = await listen(t, drain)
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `await ctx.connect({ host: '127.0.0.1', port: props.port }); return 'open'`,
  })
  await eventually(
    () => probes.answers(rule),
    (answers) => answers.length > 0,
  )
  t.is(sockets.size, 1)
  await probes.stop(rule.name)
  await eventually(
    async () => sockets.size,
    (size) => size === 0,
  )
  t.is((await probes.status(rule.name))?.state, 'stopped')
})
