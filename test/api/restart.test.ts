import { connect } from 'node:net'
import test from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { MemoryCell } from '#test/fixtures/memory-cell.ts'
import { makeServer } from '#test/fixtures/server.ts'

const sql = 'CREATE STREAM s (a bigint) WITH (DATASOURCE="t")'
const rule = { id: 'r', sql: 'SELECT a FROM s', actions: [{ log: {} }] }

test('what was there before a restart is there after it, and rules that ran run again', async (t) => {
  const base = makeFolder(t)
  const first = await makeServer(t, { base })
  await first.request('POST', '/streams', { sql })
  await first.request('POST', '/rules', { ...rule, options: { qos: 1 } })
  await first.request('POST', '/rules', { ...rule, id: 'stopped' })
  await first.request('POST', '/rules/stopped/stop')
  await first.request('POST', '/rules', { ...rule, id: 'temp', temp: true })
  await first.cell.checkpoint({ tenant: 'default', rule: 'r' })
  await first.server.close()
  t.true(first.cell.isClosed)
  const { cell, request } = await makeServer(t, { base })
  t.deepEqual(cell.calls, ['deploy r'])
  t.is(cell.spec('r')?.epoch, 2)
  t.is(new TextDecoder().decode(cell.spec('r')?.checkpoint?.state), 'state of epoch 1')
  t.is((await request('GET', '/rules/temp')).status, 404)
  t.like((await request('GET', '/rules/stopped/status')).body, { status: 'stopped' })
  t.deepEqual((await request('GET', '/streams')).body, ['s'])
})

test('a rule that came to its end does not begin again, one that stopped by error does', async (t) => {
  const base = makeFolder(t)
  const first = await makeServer(t, { base })
  await first.request('POST', '/streams', { sql })
  await first.request('POST', '/rules', rule)
  await first.request('POST', '/rules', { ...rule, id: 'e' })
  first.cell.end('r', 'stopped', 'done')
  first.cell.end('e', 'stopped by error', 'plugin gone')
  await first.server.close()
  const { cell } = await makeServer(t, { base })
  t.deepEqual(cell.calls, ['deploy e'])
})

test('a rule that cannot be started again does not keep the server from starting, and says why', async (t) => {
  const base = makeFolder(t)
  const first = await makeServer(t, { base })
  await first.request('POST', '/streams', { sql })
  await first.request('POST', '/rules', rule)
  await first.request('DELETE', '/streams/s?force=true')
  await first.server.close()
  const { request } = await makeServer(t, { base })
  t.like((await request('GET', '/rules/r/status')).body, {
    status: 'stopped by error',
    message:
      'fail to get stream s, please check if stream is created (line 1, column 15); CREATE STREAM s first',
  })
})

test('each start of a rule has a greater epoch', async (t) => {
  const { request, cell } = await makeServer(t)
  await request('POST', '/streams', { sql })
  await request('POST', '/rules', rule)
  const old = cell.spec('r')?.epoch
  await request('POST', '/rules/r/restart')
  t.is(cell.spec('r')?.epoch, Number(old) + 1)
})

test('a port that is in use is one clear line, and nothing is left open', async (t) => {
  const one = await makeServer(t)
  const base = makeFolder(t)
  const start = () =>
    makeServer(t, { base, overrides: { port: one.server.port, consoleLog: false } })
  await t.throwsAsync(start(), {
    code: 'address-in-use',
    message: `address 127.0.0.1:${one.server.port} is in use; stop what listens there, or give another port with --port`,
  })
  await makeServer(t, { base })
})

test('an address that this machine has not is refused', async (t) => {
  const overrides = { ip: '192.0.2.1', port: 0, consoleLog: false }
  await t.throwsAsync(makeServer(t, { overrides }), {
    code: 'address-in-use',
    message: 'basic.restIp 192.0.2.1 is no address of this machine; use 127.0.0.1 or 0.0.0.0',
  })
})

test('a second server on the same data is refused', async (t) => {
  const { folder } = await makeServer(t)
  await t.throwsAsync(makeServer(t, { base: folder }), { code: 'folder-in-use' })
})

test('a change that never ends does not keep the server from ending', async (t) => {
  const { request, cell, server } = await makeServer(t, {
    yaml: 'basic:\n  gracefulShutdownTimeout: 50ms\n',
  })
  await request('POST', '/streams', { sql })
  cell.gate = new Promise(() => {})
  const pending = request('POST', '/rules', rule)
  while (cell.calls.length === 0) await new Promise(setImmediate)
  const before = performance.now()
  await Promise.all([server.close(), t.throwsAsync(pending)])
  t.true(performance.now() - before < 30_000)
})

test('closing does not wait for ever: not for rules, not for idle clients', async (t) => {
  const base = makeFolder(t, { 'etc/plutino.yaml': 'basic:\n  gracefulShutdownTimeout: 50ms\n' })
  class SlowCell extends MemoryCell {
    override close(): Promise<void> {
      return new Promise(() => {})
    }
  }
  const server = await startServer({
    base,
    environment: {},
    overrides: { port: 0, consoleLog: false },
    parts: { createCell: (environment) => new SlowCell(environment) },
  })
  const socket = connect(server.port, '127.0.0.1')
  await new Promise((resolve) => socket.on('connect', resolve))
  await fetch(`${server.url}/ping`)
  const before = performance.now()
  await server.close()
  t.true(performance.now() - before < 30_000)
  socket.destroy()
})
