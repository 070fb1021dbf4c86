import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { Answer } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'
import { startProduct } from './product.ts'

const IN_FLIGHT = 12
const stream = { sql: 'CREATE STREAM twin () WITH (TYPE="simulator")' }
const rule = { id: 'twin', sql: 'SELECT * FROM twin', actions: [{ nop: {} }] }

/** How often each answer came. */
function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const text =
      typeof body === 'object' && body !== null && 'message' in body ? body.message : body
    const key = `${status} ${String(text)}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

test('of identical requests at once one is done and the others say why not', async (t) => {
  t.timeout(300_000)
  const { request, goesOn } = await startProduct(t)
  const thrice = async (method: string, path: string, body?: unknown) =>
    tally(await Promise.all([1, 2, 3].map(() => request(method, path, body))))
  t.deepEqual(await thrice('POST', '/streams', stream), {
    '201 Stream twin is created.': 1,
    '409 Create stream fails: stream twin already exists; PUT /streams/twin replaces it': 2,
  })
  t.deepEqual(await thrice('POST', '/rules', rule), {
    '201 Rule twin was created successfully.': 1,
    '409 rule twin already exists; PUT /rules/twin replaces it': 2,
  })
  t.deepEqual(await thrice('POST', '/rules/twin/stop'), { '200 Rule twin was stopped.': 3 })
  t.deepEqual(await thrice('POST', '/rules/twin/start'), { '200 Rule twin was started': 3 })
  t.deepEqual(await thrice('POST', '/rules/twin/restart'), { '200 Rule twin was restarted': 3 })
  const verbs = ['start', 'stop', 'restart', 'stop', 'start', 'stop', 'start']
  const answers = await Promise.all(verbs.map((verb) => request('POST', `/rules/twin/${verb}`)))
  t.true(answers.every(({ status }) => status === 200))
  t.like((await request('GET', '/rules/twin/status')).body, { restarts: 0 })
  t.deepEqual(await thrice('DELETE', '/rules/twin'), {
    '200 Rule twin is dropped.': 1,
    '404 Delete rule error: rule twin not found': 2,
  })
  t.deepEqual(await thrice('DELETE', '/streams/twin'), {
    '200 Stream twin is dropped.': 1,
    '404 Drop stream fails: stream twin is not found': 2,
  })
  t.is((await request('GET', '/rules/twin/status')).status, 404)
  await goesOn()
})

test('a stream that is dropped while a rule on it starts is not read by a rule: one of both is refused', async (t) => {
  t.timeout(300_000)
  const { request, goesOn } = await startProduct(t)
  for (const wait of [0, 10, 20, 30, 60]) {
    await request('POST', '/streams', stream)
    const creating = request('POST', '/rules', rule)
    await sleep(wait)
    const dropped = await request('DELETE', '/streams/twin')
    const created = await creating
    const hasStream = (await request('GET', '/streams/twin')).status === 200
    const hasRule = (await request('GET', '/rules/twin')).status === 200
    t.is(hasRule, hasStream, `after ${wait} ms: ${created.status}, ${dropped.status}`)
    t.is(created.status === 201, hasRule)
    t.is(dropped.status === 200, !hasStream)
    if (hasRule) await request('DELETE', '/rules/twin')
    if (hasStream) await request('DELETE', '/streams/twin')
  }
  await goesOn()
})

test('SIGTERM while rules and streams are being made: what was said is kept, nothing else is, and it ends soon with 0', async (t) => {
  t.timeout(400_000)
  const product = await startProduct(t, { PLUTINO__BASIC__GRACEFULSHUTDOWNTIMEOUT: '5m' })
  const { request, goesOn, client } = product
  for (const wait of [0, 150, 400]) {
    const made = Array.from({ length: IN_FLIGHT }, (_, i) => {
      client.publish('healthy/in', i % 2 === 0 ? 'no JSON' : '{"n":0}')
      const sql = `CREATE STREAM s${wait}x${i} () WITH (TYPE="simulator")`
      const body = { id: `r${wait}x${i}`, sql: 'SELECT n FROM healthy', actions: [{ nop: {} }] }
      return [
        request('POST', '/streams', { sql }).then(
          ({ status }) => status === 201 && `s${wait}x${i}`,
        ),
        request('POST', '/rules', body).then(({ status }) => status === 201 && body.id),
      ]
    }).flat()
    // a connection that was not heard any more
    const answers = Promise.all(made.map((each) => each.catch(() => false as const)))
    await sleep(wait)
    const asked = performance.now()
    t.is(await product.host.stop(), 0)
    t.true(performance.now() - asked < 60_000, 'a connection held it')
    t.is(await product.again(), 0)
    const said = (await answers).filter((name) => name !== false)
    const streams = (await request('GET', '/streams')).body as readonly string[]
    const rules = (await request('GET', '/rules')).body as readonly { id: string }[]
    const kept = [...streams, ...rules.map(({ id }) => id)].filter((name) =>
      name.includes(`${wait}x`),
    )
    // an answer may be lost on its way, a thing that was said may not
    t.deepEqual(
      said.filter((name) => !kept.includes(name)),
      [],
    )
    t.deepEqual(
      rules.filter(({ id }) => id !== 'healthy' && !id.includes('x')),
      [],
    )
    for (const { id } of rules) {
      await until(`rule ${id}`, async () => {
        const { body } = await request('GET', `/rules/${id}/status`)
        return (body as { status?: string }).status === 'running' ? true : undefined
      })
      if (id !== 'healthy') await request('DELETE', `/rules/${id}`)
    }
    await goesOn()
  }
})
