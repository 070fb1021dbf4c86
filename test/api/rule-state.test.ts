import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { CellError } from '#host/cell/cell.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makeServer } from '#test/fixtures/server.ts'

const rule = { id: 'r', sql: 'SELECT a FROM s', actions: [{ log: {} }], options: { qos: 1 } }
const key = { tenant: 'default', rule: 'r' }

async function make(t: ExecutionContext, base = makeFolder(t)) {
  const it = await makeServer(t, { base })
  await it.request('POST', '/streams', { sql: 'CREATE STREAM s (a bigint) WITH (DATASOURCE="t")' })
  await it.request('POST', '/rules', rule)
  const put = (id: string, bytes: Uint8Array) =>
    fetch(`${it.server.url}/rules/${id}/state`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: Uint8Array.from(bytes),
    })
  const state = async (id: string) =>
    new Uint8Array(await (await fetch(`${it.server.url}/rules/${id}/state`)).arrayBuffer())
  const stateOf = (id: string) => new TextDecoder().decode(it.cell.spec(id)?.checkpoint?.state)
  return { ...it, put, state, stateOf }
}

test('the last three checkpoints are kept and listed, newest first', async (t) => {
  const { cell, request } = await make(t)
  t.deepEqual((await request('GET', '/rules/r/checkpoints')).body, [])
  for (let i = 0; i < 5; i++) await cell.checkpoint(key)
  const { body } = await request('GET', '/rules/r/checkpoints')
  t.like(body, {
    length: 3,
    0: { epoch: 1, number: 5, at: 1, whole: true },
    2: { epoch: 1, number: 3 },
  })
  t.is((await request('GET', '/rules/x/checkpoints')).status, 404)
})

test('a damaged checkpoint is named in list and status, and the one before it is used', async (t) => {
  const base = makeFolder(t)
  const first = await make(t, base)
  await first.cell.checkpoint(key)
  await first.request('POST', '/rules/r/restart')
  await first.cell.checkpoint(key)
  await first.server.close()
  const db = new DatabaseSync(join(base, 'data/catalog.db'))
  db.exec("UPDATE checkpoints SET body = x'00' WHERE epoch = 2")
  db.close()
  const { request, cell } = await makeServer(t, { base })
  t.is(new TextDecoder().decode(cell.spec('r')?.checkpoint?.state), 'state of epoch 1')
  t.like((await request('GET', '/rules/r/checkpoints')).body, {
    length: 3,
    0: { epoch: 2, whole: false },
    1: { epoch: 1, whole: true },
  })
  const at = new Date(1).toISOString()
  t.like((await request('GET', '/rules/r/status')).body, {
    status: 'running',
    note: `damaged checkpoint of ${at}: that of ${at} was used`,
  })
})

test('a state that was exported is what the rule goes on from when it is imported', async (t) => {
  const { request, put, state, stateOf, cell } = await make(t)
  const bytes = await state('r')
  await request('POST', '/rules/r/reset_state')
  t.is(cell.spec('r')?.checkpoint, undefined)
  const answer = await put('r', bytes)
  t.deepEqual([answer.status, await answer.text()], [200, 'Rule r state was imported.'])
  t.is(stateOf('r'), 'state of epoch 1')
  const { epoch = 0, checkpoint } = cell.spec('r') ?? {}
  t.true(epoch > (checkpoint?.epoch ?? epoch))
  t.like((await request('GET', '/rules/r/status')).body, { status: 'running' })
})

test('a state goes to another rule, which was stopped and stays so', async (t) => {
  const { request, put, state, stateOf } = await make(t)
  const bytes = await state('r')
  await request('POST', '/rules', { ...rule, id: 'other', triggered: false })
  t.is((await put('other', bytes)).status, 200)
  t.like((await request('GET', '/rules/other/status')).body, { status: 'stopped' })
  await request('POST', '/rules/other/start')
  t.is(stateOf('other'), 'state of epoch 1')
})

test('what is damaged, of another format or no state at all is refused, and the rule runs on', async (t) => {
  const { request, put, state, cell } = await make(t)
  const bytes = await state('r')
  const damaged = Uint8Array.from(bytes, (byte, at) => (at === bytes.length - 3 ? byte ^ 1 : byte))
  const newer = Uint8Array.from(bytes, (byte, at) => (at === 8 ? 9 : byte))
  const sentences = {
    'the state is damaged: its checksum does not fit; export it again': damaged,
    'the state is of format 9; this host reads format 1': newer,
    'the body is no state of a rule; send what GET /rules/{id}/state gave': bytes.subarray(3),
  }
  for (const [message, body] of Object.entries(sentences)) {
    const answer = await put('r', body)
    t.deepEqual(
      [answer.status, ((await answer.json()) as { message: string }).message],
      [400, message],
    )
  }
  t.is((await request('PUT', '/rules/r/state', {})).status, 400)
  t.is((await put('x', bytes)).status, 404)
  t.deepEqual(cell.calls, ['deploy r'])
})

test('a rule that never kept a state has none to export', async (t) => {
  const { request } = await make(t)
  await request('POST', '/rules', { ...rule, id: 'new', triggered: false })
  t.like(await request('GET', '/rules/new/state'), {
    status: 404,
    body: { message: 'rule new has kept no state; start it, or give it option qos 1 or 2' },
  })
})

test('reset_state with a body of type 1 sends a source elsewhere, and leaves the state alone', async (t) => {
  const { request, cell } = await make(t)
  const reset = (body: unknown, id = 'r') => request('PUT', `/rules/${id}/reset_state`, body)
  const body = { type: 1, params: { streamName: 's', input: { next: 7 } } }
  await cell.checkpoint(key)
  t.like(await reset(body), { status: 200, body: 'success' })
  t.is(cell.calls.at(-1), 'reset r s: {"next":7}')
  t.like((await request('GET', '/rules/r/checkpoints')).body, { length: 1 })
  cell.failures.set('r', new CellError('unknown-stream', 'rule "r" reads no stream "s"'))
  t.is((await reset(body)).status, 404)
  cell.failures.clear()
  t.is((await reset(body, 'x')).status, 404)
  await request('POST', '/rules/r/stop')
  const stopped = await reset(body)
  t.is(stopped.status, 400)
  t.regex(JSON.stringify(stopped.body), /rule r should be running when modify state/)
})

test('a body of reset_state that says something else is refused, and nothing is reset', async (t) => {
  const { request, cell } = await make(t)
  const before = cell.calls.length
  for (const [body, why] of [
    [{}, /type is missing/],
    [{ type: 2, params: { streamName: 's', input: {} } }, /type 2 is not known; only 1 is/],
    [{ type: 1, params: { input: {} } }, /params.streamName is missing/],
    [{ type: 1, params: { streamName: 's', input: [1] } }, /params.input is no object/],
    [[1], /an object is wanted/],
  ] as const) {
    const answer = await request('PUT', '/rules/r/reset_state', body)
    t.is(answer.status, 400)
    t.regex(JSON.stringify(answer.body), why)
  }
  t.is(cell.calls.length, before)
})
