import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makeServer, send } from '#test/fixtures/server.ts'

test('a value is put, shown, replaced and deleted; what is not there is not found', async (t) => {
  const { request } = await makeServer(t)
  t.is((await request('PUT', '/keyed-state/limit', { value: 5 })).status, 200)
  t.deepEqual((await request('GET', '/keyed-state/limit')).body, { key: 'limit', value: 5 })
  t.is((await request('PUT', '/keyed-state/limit', { value: 'high' })).status, 200)
  t.is((await request('PUT', '/keyed-state/a%2Fb%20c', { value: true })).status, 200)
  t.deepEqual((await request('GET', '/keyed-state')).body, ['a/b c', 'limit'])
  t.deepEqual((await request('GET', '/keyed-state/limit')).body, { key: 'limit', value: 'high' })
  t.is((await request('DELETE', '/keyed-state/limit')).status, 200)
  for (const method of ['GET', 'DELETE']) {
    const { status, body } = await request(method, '/keyed-state/limit')
    t.is(status, 404)
    t.deepEqual(body, {
      error: 1002,
      message: 'nothing stands under key "limit"; PUT /keyed-state/{key} puts it',
      code: 'not-found',
    })
  }
})

test('what is no text, number or boolean, or is too large, is refused', async (t) => {
  const { request } = await makeServer(t)
  for (const body of [{ value: { a: 1 } }, { value: null }, {}, { value: 1, ttl: 5 }]) {
    t.is((await request('PUT', '/keyed-state/k', body)).status, 400, JSON.stringify(body))
  }
  const large = await request('PUT', '/keyed-state/k', { value: 'x'.repeat(70_000) })
  t.regex(JSON.stringify(large.body), /the value of key \\"k\\" is larger than 65536 bytes/)
  const key = await request('PUT', `/keyed-state/${'k'.repeat(600)}`, { value: 1 })
  t.is(key.status, 414)
  t.deepEqual((await request('GET', '/keyed-state')).body, [])
})

interface Real {
  readonly folder: string
  readonly request: (method: string, path: string, body?: unknown) => ReturnType<typeof send>
}

async function real(t: ExecutionContext, folder: string): Promise<Real> {
  const overrides = { port: 0, consoleLog: false }
  const server = await startServer({ base: folder, environment: {}, overrides })
  t.teardown(() => server.close())
  return { folder, request: (method, path, body) => send(server.url + path, method, body) }
}

test('a rule sees what was put, and sees the change', async (t) => {
  t.timeout(300_000)
  const { folder, request } = await real(t, makeFolder(t, { 'etc/plutino.yaml': '' }))
  await request('PUT', '/keyed-state/limit', { value: 7 })
  const data = JSON.stringify([{ k: 'limit' }, { k: 'none' }])
  await request('PUT', '/metadata/sources/simulator/confKeys/few', {
    data: JSON.parse(data),
    interval: 50,
    loop: true,
  })
  const stream = 'CREATE STREAM s (k STRING) WITH (TYPE="simulator", CONF_KEY="few")'
  t.is((await request('POST', '/streams', { sql: stream })).status, 201)
  const path = join(folder, 'out.jsonl')
  const rule = {
    id: 'r',
    sql: 'SELECT k, get_keyed_state(k, "bigint", -1) AS v FROM s',
    actions: [{ file: { path, fileType: 'lines', sendSingle: true } }],
  }
  const made = await request('POST', '/rules', rule)
  t.is(made.status, 201, JSON.stringify(made.body))
  const lines = async () => (await readFile(path, 'utf8').catch(() => '')).split('\n')
  const has = (line: string) => eventually(lines, (all) => all.includes(line))
  await has('{"k":"limit","v":7}')
  await has('{"k":"none","v":-1}')
  await request('PUT', '/keyed-state/limit', { value: 8 })
  await has('{"k":"limit","v":8}')
  t.pass()
})
