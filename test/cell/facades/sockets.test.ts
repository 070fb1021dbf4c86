import { createServer, type Server, type Socket } from 'node:net'
import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'

const probes = new ProbeCell()
test.after.always(() => probes.close())

const readAll = `const readAll = async (connection) => {
  let text = ''
  for await (const bytes of connection) text += new TextDecoder().decode(bytes)
  return text
}`

test('a plugin talks to exactly the address that it was granted', async (t) => {
  const port = await listen(t, (socket) => socket.pipe(socket))
  const answer = await probes.run(t, {
    head: readAll,
    powers: { network: [`tcp://127.0.0.1:${port}`] },
    props: { port },
    body: `
      const connection = await ctx.connect({ host: '127.0.0.1', port: props.port })
      await connection.write('hello ')
      await connection.write(new TextEncoder().encode('wörld'))
      connection.end()
      const text = await readAll(connection)
      await connection.closed
      return { text, from: connection.remoteAddress, port: connection.remotePort }`,
  })
  t.deepEqual(answer, { text: 'hello wörld', from: '127.0.0.1', port })
})

async function listen(
  t: { teardown(run: () => void): void },
  serve: (socket: Socket) => void,
): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
