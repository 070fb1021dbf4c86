import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makeServer, type TestServer } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'

const sql = 'CREATE STREAM s (a bigint) WITH (DATASOURCE="t")'
const rule = { id: 'r', sql: 'SELECT a FROM s', actions: [{ log: {} }] }
const year = 365 * 86_400_000

function range(fromMs: number, toMs: number) {
  const now = Date.now()
  return [{ beginTimestamp: now + fromMs, endTimestamp: now + toMs }]
}

/** A rule; `optionsOf` is asked right before it is made. */
async function make(t: ExecutionContext, optionsOf: () => object, base = makeFolder(t)) {
  const it = await makeServer(t, { base })
  await it.request('POST', '/streams', { sql })
  t.is((await it.request('POST', '/rules', { ...rule, options: optionsOf() })).status, 201)
  return it
}

/** Waits until the cell was called like this. */
async function calls(t: ExecutionContext, { cell }: TestServer, expected: readonly string[]) {
  for (let i = 0; i < 9000 && cell.calls.length < expected.length; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.deepEqual(cell.calls.slice(0, expected.length), expected)
}

test('a rule whose time has not come is not started, and says when it will be', async (t) => {
  const cronDatetimeRange = range(year, 2 * year)
  const { cell, request } = await make(t, () => ({ cronDatetimeRange }))
  const next = cronDatetimeRange[0]?.beginTimestamp ?? 0
  t.deepEqual(cell.calls, [])
  const { body } = await request('GET', '/rules/r/status')
  t.like(body, {
    status: 'stopped: waiting for next schedule.',
    message: `starts at ${new Date(next).toISOString()}`,
    nextStartTimestamp: next,
  })
  t.is((await request('POST', '/rules/r/start')).body, 'Rule r was started')
  t.deepEqual(cell.calls, [])
  t.like((await request('GET', '/rules')).body, {
    0: { status: `stopped: waiting for next schedule. starts at ${new Date(next).toISOString()}` },
  })
})

test('a rule is started and stopped by its schedule, again and again', async (t) => {
  const it = await make(t, () => ({ cron: '@every 2s', duration: '1s' }))
  const run = ['deploy r', 'stop r: duration terminated']
  await calls(t, it, [...run, ...run])
  t.is((await it.request('POST', '/rules/r/stop')).status, 200)
  const { length } = it.cell.calls
  await new Promise((resolve) => setTimeout(resolve, 2500))
  t.deepEqual(it.cell.calls.slice(length), [])
})

test('what a range ends waits for the next one, or says that there is none', async (t) => {
  const it = await make(t, () => ({ cronDatetimeRange: range(-60_000, 8000) }))
  await calls(t, it, ['deploy r', 'stop r: schedule terminated'])
  await until('the end of its schedule', async () => {
    const { body } = await it.request('GET', '/rules/r/status')
    return Object(body).status === 'stopped'
  })
  t.like((await it.request('GET', '/rules/r/status')).body, {
    status: 'stopped',
    message: 'schedule terminated; its schedule is over',
    nextStartTimestamp: 0,
  })
})

test('a schedule goes on after a restart of the host: what is due runs, what is not waits', async (t) => {
  const base = makeFolder(t)
  const first = await make(t, () => ({ cronDatetimeRange: range(-1000, year) }), base)
  await first.request('POST', '/rules', {
    ...rule,
    id: 'later',
    options: { cronDatetimeRange: range(year, 2 * year) },
  })
  await first.server.close()
  const { cell, request } = await makeServer(t, { base })
  t.deepEqual(cell.calls, ['deploy r'])
  t.like((await request('GET', '/rules/later/status')).body, {
    status: 'stopped: waiting for next schedule.',
  })
})

test('a bounded rule with a schedule waits for its next time when it is done', async (t) => {
  const { cell, request } = await make(t, () => ({ cron: '0 0 1 1 *', duration: '8760h' }))
  cell.end('r', 'stopped', 'done')
  await request('POST', '/rules/r/start')
  t.deepEqual(cell.calls, ['deploy r', 'deploy r'])
})

test('another time zone moves the times of a rule at once', async (t) => {
  const now = Temporal.Now.zonedDateTimeISO('UTC')
  const wall = (hours: number) =>
    now.add({ hours }).toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ')
  const it = await makeServer(t, { yaml: 'basic:\n  timezone: UTC\n' })
  await it.request('POST', '/streams', { sql })
  const options = { cronDatetimeRange: [{ begin: wall(-1), end: wall(1) }] }
  await it.request('POST', '/rules', { ...rule, options })
  t.deepEqual(it.cell.calls, ['deploy r'])
  t.is((await it.request('PATCH', '/configs', { timezone: 'Pacific/Kiritimati' })).status, 204)
  await calls(t, it, ['deploy r', 'stop r: schedule terminated'])
})

test('a rule that is stopped by hand while it waits, or after an error, says that it was', async (t) => {
  const { request, cell } = await make(t, () => ({ cronDatetimeRange: range(year, 2 * year) }))
  await request('POST', '/rules/r/stop')
  t.like((await request('GET', '/rules/r/status')).body, {
    status: 'stopped',
    message: 'canceled manually',
    nextStartTimestamp: 0,
  })
  await request('POST', '/rules', { ...rule, id: 'e' })
  cell.end('e', 'stopped by error', 'plugin gone')
  t.like((await request('GET', '/rules/e/status')).body, { message: 'plugin gone' })
  await request('POST', '/rules/e/stop')
  t.like((await request('GET', '/rules/e/status')).body, {
    status: 'stopped',
    message: 'canceled manually',
  })
})
