import type { Socket } from 'node:net'
import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually, keyOf } from '#test/fixtures/cell/rules.ts'
import { drain, listen } from '#test/fixtures/tcp.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

const megabyte = 2 ** 20

test('a peer that floods is held back until the plugin reads', async (t) => {
  let written = 0
  const { port } = await listen(t, (socket) => {
    const piece = Buffer.alloc(65_536, 'x')
    const more = () => {
      while (written < 64 * megabyte) {
        written += piece.length
        if (!socket.write(piece)) break
      }
      if (written >= 64 * megabyte) socket.end()
    }
    socket.on('drain', more)
    more()
  })
  const gate = await listen(t, drain)
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${port}`, `tcp://127.0.0.1:${gate.port}`] },
    props: { port, gate: gate.port },
    body: `
      const connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      const gate = await ctx.connect({ host: '127.0.0.1', port: props.gate })
      tell('waiting')
      for await (const _ of gate);
      let bytes = 0
      for await (const piece of connection) bytes += piece.byteLength
      return bytes`,
  })
  t.teardown(() => probes.stop(rule.name))
  await eventually(
    () => probes.answers(rule),
    (answers) => answers.length === 1,
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  // What fits into the window and the buffers of the system, and no more.
  t.true(written < 16 * megabyte, `${written} bytes written to a plugin that does not read`)
  for (const socket of gate.sockets) socket.end()
  const answers = await eventually(
    () => probes.answers(rule),
    (found) => found.length === 2,
  )
  t.is(answers[1], 64 * megabyte)
})

test('a plugin that writes waits for a peer that does not read', async (t) => {
  const { port, sockets } = await listen(t, (socket) => socket.pause())
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `
      const connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      let bytes = 0
      const piece = new Uint8Array(65536)
      const timer = setInterval(() => tell(bytes), 300)
      for (let n = 0; n < 512; n++) {
        await connection.write(piece)
        bytes += piece.length
      }
      clearInterval(timer)
      await connection.end()
      return 'done'`,
  })
  t.teardown(() => probes.stop(rule.name))
  const answers = await eventually(
    () => probes.answers(rule),
    (found) => found.length >= 2 && found.at(-1) === found.at(-2),
  )
  t.true(Number(answers.at(-1)) < 16 * megabyte, `${answers.at(-1)} bytes into a closed pipe`)
  let received = 0
  for (const socket of sockets) {
    socket.on('data', (bytes) => {
      received += bytes.length
    })
    socket.on('end', () => socket.end())
    socket.resume()
  }
  await eventually(
    () => probes.answers(rule),
    (found) => found.at(-1) === 'done',
  )
  await eventually(
    async () => received,
    (bytes) => bytes === 512 * 65_536,
  )
  t.is(received, 512 * 65_536)
})

test('each side may end its half: what the other still says arrives', async (t) => {
  const { port } = await listen(t, (socket) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
    })
    socket.on('end', () => setTimeout(() => socket.end(`you said ${text}`), 100))
  })
  const early = await listen(t, (socket) => {
    socket.end('bye')
    socket.on('data', (bytes) => early.server.emit('heard', `${bytes}`))
  })
  const heard = new Promise((resolve) => early.server.once('heard', resolve))
  const answer = await probes.run(t, {
    powers: { network: [`tcp://127.0.0.1:${port}`, `tcp://127.0.0.1:${early.port}`] },
    props: { ports: [port, early.port] },
    body: `
      const texts = []
      for (const port of props.ports) {
        const connection = await ctx.connect({ host: '127.0.0.1', port })
        if (texts.length === 0) await connection.write('hi')
        if (texts.length === 0) await connection.end()
        let text = ''
        for await (const bytes of connection) text += new TextDecoder().decode(bytes)
        if (texts.length === 1) await connection.write('still here')
        await connection.end()
        await connection.closed
        texts.push(text)
      }
      return texts`,
  })
  t.deepEqual(answer, ['you said hi', 'bye'])
  t.is(await heard, 'still here')
})

test('a peer that goes away is an error; a new connection works when it is back', async (t) => {
  const first = await listen(t, (socket) => socket.write('one'))
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${first.port}`] },
    props: { port: first.port },
    body: `
      const read = async (connection) => {
        const { value } = await connection[Symbol.asyncIterator]().next()
        return new TextDecoder().decode(value)
      }
      const connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      tell(await read(connection))
      await connection.closed.then(() => tell('closed'), (error) => tell(error.code))
      tell(await connection.write('x').then(() => 'written', (error) => error.code))
      for (;;) {
        try {
          const next = await ctx.connect({ host: '127.0.0.1', port: props.port })
          return await read(next)
        } catch (error) {
          if (error.code !== 'ECONNREFUSED') throw error
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }`,
  })
  t.teardown(() => probes.stop(rule.name))
  await eventually(
    () => probes.answers(rule),
    (found) => found.length === 1,
  )
  for (const socket of first.sockets) socket.resetAndDestroy()
  await first.stop()
  await eventually(
    () => probes.answers(rule),
    (found) => found.length === 3,
  )
  await listen(t, (socket) => socket.write('two'), first.port)
  const answers = await eventually(
    () => probes.answers(rule),
    (found) => found.length === 4,
  )
  t.deepEqual(answers, ['one', 'ECONNRESET', 'ECONNABORTED', 'two'])
})

test('a worker that dies leaves no connection behind, and its successor makes its own', async (t) => {
  const { port, sockets } = await listen(t, drain)
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `await ctx.connect({ host: '127.0.0.1', port: props.port }); return 'open'`,
  })
  t.teardown(() => probes.stop(rule.name))
  await eventually(
    () => probes.answers(rule),
    (found) => found.length === 1,
  )
  const [before] = sockets
  await probes.cell.endWorker(keyOf(rule.name), 'the test ends it')
  await eventually(
    () => probes.answers(rule),
    (found) => found.length === 2,
  )
  await eventually(
    async () => sockets.size === 1 && !sockets.has(before as Socket),
    (isSo) => isSo,
  )
  t.true(before?.destroyed)
})

test('what a plugin writes when it closes still leaves', async (t) => {
  let received = 0
  const { port } = await listen(t, (socket) => {
    socket.on('data', (bytes) => {
      received += bytes.length
    })
    socket.on('end', () => socket.end())
  })
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `
      shared.connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      return 'open'`,
    close: 'void shared.connection.write(new Uint8Array(200000))',
  })
  await eventually(
    () => probes.answers(rule),
    (answers) => answers.length === 1,
  )
  await probes.stop(rule.name)
  await eventually(
    async () => received,
    (bytes) => bytes === 200_000,
  )
  t.is(received, 200_000)
})

test('what a listener throws is an error of the plugin that nobody caught', async (t) => {
  const { port } = await listen(t, (socket) => socket.on('data', () => socket.write('x')))
  const rule = await probes.start({
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `
      const connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      connection.onData(() => { throw new Error('no such data') })
      setTimeout(() => connection.write('now'), 300)
      return 'listening'`,
  })
  t.teardown(() => probes.stop(rule.name))
  const status = await eventually(
    () => probes.status(rule.name),
    (found) => (found?.deaths.length ?? 0) > 0,
  )
  t.regex(status?.deaths[0]?.reason ?? '', /no such data/)
})
