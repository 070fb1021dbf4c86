import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makeServer } from '#test/fixtures/server.ts'

const json = (status: number, body: unknown) => ({ status, type: 'application/json', body })
const refused = (message: string, code: string, error = 5000, status = 400) =>
  json(status, { error, message, code })

test('a section put over REST is shown with those of the file, secrets masked', async (t) => {
  const base = makeFolder(t, {
    'etc/sources/mqtt.yaml': 'default:\n  server: tcp://u:pw@a:1\n  password: x\n',
  })
  const { request } = await makeServer(t, { base })
  t.is(
    (await request('PUT', '/metadata/sources/mqtt/confKeys/k', { qos: 1, password: 'p' })).status,
    200,
  )
  t.deepEqual(
    await request('GET', '/metadata/sources/yaml/mqtt'),
    json(200, {
      default: { server: 'tcp://u:******@a:1', password: '******' },
      k: { qos: 1, password: '******' },
    }),
  )
  t.deepEqual(await request('GET', '/metadata/sinks/yaml/mqtt'), json(200, {}))
})

test('a section is removed once; a second time it is 404, and others can be changed', async (t) => {
  const { request } = await makeServer(t)
  await request('PUT', '/metadata/sinks/mqtt/confKeys/k', { qos: 1 })
  t.is((await request('DELETE', '/metadata/sinks/mqtt/confKeys/k')).status, 200)
  t.deepEqual(
    await request('DELETE', '/metadata/sinks/mqtt/confKeys/k'),
    refused(
      'no section "k" of sinks type "mqtt" was put over REST; those of files are removed there',
      'not-found',
      1002,
      404,
    ),
  )
  t.is((await request('PUT', '/metadata/sinks/mqtt/confKeys/k', { qos: 2 })).status, 200)
})

test('sections of types that are not there yet, and of connections, can be put', async (t) => {
  const { request } = await makeServer(t)
  t.is((await request('PUT', '/metadata/sources/later/confKeys/k', { a: 1 })).status, 200)
  t.is((await request('PUT', '/metadata/connections/mqtt/confKeys/k', { a: 1 })).status, 200)
  t.deepEqual(await request('GET', '/metadata/connections/yaml/mqtt'), json(200, { k: { a: 1 } }))
})

test('names that are paths and bodies that are no objects are refused', async (t) => {
  const { request } = await makeServer(t)
  const characters =
    'contains invalid characters: only alphanumeric, hyphens and underscores are allowed'
  t.deepEqual(
    await request('PUT', '/metadata/sources/mqtt/confKeys/..%2fx', {}),
    refused(`id '../x' ${characters}`, 'bad-name'),
  )
  t.deepEqual(
    await request('GET', '/metadata/sources/yaml/..%2f..%2fsecrets'),
    refused(`id '../../secrets' ${characters}`, 'bad-name'),
  )
  t.deepEqual(
    await request('PUT', '/metadata/sources/mqtt/confKeys/k', [1]),
    refused('the body must be an object', 'bad-body', 1000),
  )
  t.deepEqual(
    await request('PUT', '/metadata/sources/mqtt/confKeys/k', '{bad'),
    refused(
      "the body is no JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
      'bad-json',
      1000,
    ),
  )
})

test('a connection is tried before it is used', async (t) => {
  const { request } = await makeServer(t)
  const listener = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const server = `tcp://127.0.0.1:${port}`
  t.is((await request('POST', '/metadata/sources/connection/mqtt', { server })).status, 200)
  listener.close()
  await once(listener, 'close')
  t.deepEqual(
    await request('POST', '/metadata/sinks/connection/mqtt', { server }),
    refused(
      `found error when connecting for ${server}: connect ECONNREFUSED 127.0.0.1:${port}`,
      'unreachable',
      1003,
    ),
  )
  t.deepEqual(
    await request('POST', '/metadata/sinks/connection/mqtt', { server: 'broker' }),
    refused('"broker" is no address such as tcp://127.0.0.1:1883', 'bad-conf-key'),
  )
})

test('types are listed, built-in ones and those of plugins', async (t) => {
  const { request, plugins } = await makeServer(t)
  plugins.put('source', 'random')
  const { body } = await request('GET', '/metadata/sources')
  t.deepEqual(body, [
    { name: 'file' },
    { name: 'httppush' },
    { name: 'memory' },
    { name: 'mqtt' },
    { name: 'simulator' },
    { name: 'random' },
  ])
})
