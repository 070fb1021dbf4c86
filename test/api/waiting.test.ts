import { rmSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CellError } from '#host/cell/cell.ts'
import { makeServer } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'

const rule = { id: 'r', sql: 'SELECT a FROM s', actions: [{ log: {} }] }

async function make(t: ExecutionContext) {
  const it = await makeServer(t)
  const sql = 'CREATE STREAM s (a bigint, b string) WITH (DATASOURCE="t", FORMAT="json")'
  await it.request('POST', '/streams', { sql })
  return it
}

test('with ?wait= a command answers with the state that came of it', async (t) => {
  const { request } = await make(t)
  const created = await request('POST', '/rules?wait=10s', rule)
  t.like(created, { status: 201, body: { id: 'r', status: 'running', message: '', done: true } })
  t.like(await request('POST', '/rules/r/stop?wait=10s'), {
    status: 200,
    body: { id: 'r', status: 'stopped', message: 'canceled manually', done: true },
  })
  t.like(await request('PUT', '/rules/r?wait=10s', rule), { body: { status: 'running' } })
})

test('what is still under way after ?wait= is 202, and goes on', async (t) => {
  const { request, cell } = await make(t)
  const gate = Promise.withResolvers<void>()
  cell.gate = gate.promise
  t.like(await request('POST', '/rules?wait=10ms', rule), {
    status: 202,
    body: { id: 'r', done: false },
  })
  gate.resolve()
  t.like(await request('POST', '/rules/r/start?wait=10s'), { body: { status: 'running' } })
  t.is((await request('POST', '/rules/r/start?wait=soon')).status, 400)
})

test('the same command that waits already is not done twice', async (t) => {
  const { request, cell, server } = await make(t)
  await request('POST', '/rules', rule)
  const { rules } = server
  const restart = rules.restart.bind(rules)
  let asked = 0
  rules.restart = (...args) => {
    asked++
    return restart(...args)
  }
  const gate = Promise.withResolvers<void>()
  cell.gate = gate.promise
  const first = request('POST', '/rules/r/restart')
  while (cell.calls.length < 3) await new Promise(setImmediate)
  const others = Array.from({ length: 5 }, () => request('POST', '/rules/r/restart'))
  while (asked < 6) await new Promise(setImmediate)
  gate.resolve()
  for (const answer of await Promise.all([first, ...others])) t.is(answer.status, 200)
  const done = ['stop r: restarted', 'deploy r']
  t.deepEqual(cell.calls, ['deploy r', ...done, ...done])
})

test('a start that failed is tried again as restartStrategy says, and the status says so', async (t) => {
  const { request, cell } = await make(t)
  const restartStrategy = { attempts: 2, delay: 2000, multiplier: 1, jitterFactor: 0 }
  cell.failures.set('r', new CellError('open-failed', 'no broker'))
  await request('POST', '/rules', { ...rule, options: { restartStrategy } })
  t.like((await request('GET', '/rules/r/status')).body, {
    status: 'stopped by error',
    message: 'no broker; starts again in 2000 ms (attempt 1 of 2)',
  })
  while (cell.calls.length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
  await until('the end of its attempts', async () => {
    const { body } = await request('GET', '/rules/r/status')
    return Object(body).message === 'no broker; all attempts are used up'
  })
  t.deepEqual(cell.calls, ['deploy r', 'deploy r', 'deploy r'])
})

test('a start that is tried again and goes well leaves nothing of its failure', async (t) => {
  const { request, cell } = await make(t)
  const restartStrategy = { attempts: 5, delay: 200, multiplier: 1, jitterFactor: 0 }
  cell.failures.set('r', new CellError('open-failed', 'no broker'))
  await request('POST', '/rules', { ...rule, options: { restartStrategy } })
  cell.failures.clear()
  while (cell.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  t.like((await request('POST', '/rules/r/start?wait=10s')).body, {
    status: 'running',
    message: '',
  })
})

test('an update that cannot be kept leaves the old rule stored, and running', async (t) => {
  const { request, cell, folder } = await make(t)
  await request('POST', '/rules', rule)
  // what is to survive a power failure is in this file
  rmSync(join(folder, 'data/catalog.db-wal'))
  t.is((await request('PUT', '/rules/r', { ...rule, sql: 'SELECT b FROM s' })).status, 500)
  t.deepEqual((await request('GET', '/rules/r')).body, rule)
  t.like((await request('GET', '/rules/r/status')).body, { status: 'running' })
  t.deepEqual(
    cell.spec('r')?.plan.output?.map(({ name }) => name),
    ['a'],
  )
})

test('a reset of the state that would not survive a power failure is no success', async (t) => {
  const { request, folder } = await make(t)
  await request('POST', '/rules', rule)
  rmSync(join(folder, 'data/catalog.db-wal'))
  t.is((await request('PUT', '/rules/r/reset_state')).status, 500)
  t.like((await request('GET', '/rules/r/status')).body, { status: 'running' })
})
