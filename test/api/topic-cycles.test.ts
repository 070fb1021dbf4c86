import test from 'ava'
import { makeServer, type TestServer } from '#test/fixtures/server.ts'

type Request = TestServer['request']

const stream = (name: string, topic: string, options = '') => ({
  sql: `CREATE STREAM ${name} () WITH (DATASOURCE="${topic}", TYPE="memory"${options})`,
})
const rule = (id: string, from: string, topic: string, more: object = {}) => ({
  id,
  sql: `SELECT * FROM ${from}`,
  actions: [{ log: {} }, { memory: { topic } }],
  ...more,
})

async function made(request: Request, ...all: readonly (readonly [string, unknown])[]) {
  for (const [path, body] of all) {
    const { status, body: said } = await request('POST', path, body)
    if (status !== 201) throw new Error(JSON.stringify(said))
  }
}

const refusal = (message: string) => ({ error: 1000, message, code: 'bad-rule' })

test('a chain of rules is made; the rule that closes a cycle is refused, with the cycle', async (t) => {
  const { request } = await makeServer(t)
  await made(
    request,
    ['/streams', stream('s1', 'one')],
    ['/streams', stream('s2', 'two/+')],
    ['/streams', stream('s3', 'three')],
    ['/rules', rule('a', 's1', 'two/x')],
    // stopped: it may be started
    ['/rules', rule('b', 's2', 'three', { triggered: false })],
  )
  const { status, body } = await request('POST', '/rules', rule('c', 's3', 'one'))
  t.is(status, 400)
  t.deepEqual(
    body,
    refusal(
      'rule "c" closes a cycle through memory topics: c writes "one", which a reads; ' +
        'a writes "two/x", which b reads as "two/+"; b writes "three", which c reads; change one of the topics',
    ),
  )
  t.deepEqual(
    ((await request('GET', '/rules')).body as { id: string }[]).map(({ id }) => id),
    ['a', 'b'],
  )
  t.is((await request('POST', '/rules', rule('c', 's3', 'four'))).status, 201)
})

test('a rule that reads what it writes is refused', async (t) => {
  const { request } = await makeServer(t)
  await made(request, ['/streams', stream('s', '#')])
  const { status, body } = await request('POST', '/rules', rule('a', 's', 'any/topic'))
  t.is(status, 400)
  t.deepEqual(
    body,
    refusal(
      'rule "a" closes a cycle through memory topics: a writes "any/topic", which a reads as "#"; change one of the topics',
    ),
  )
})

test('an update that closes a cycle is refused, and the rule stays as it was', async (t) => {
  const { request, cell } = await makeServer(t)
  await made(
    request,
    ['/streams', stream('s1', 'one')],
    ['/streams', stream('s2', 'two')],
    ['/rules', rule('a', 's1', 'two')],
    ['/rules', rule('b', 's2', 'three')],
  )
  const refused = await request('PUT', '/rules/b', rule('b', 's2', 'one'))
  t.is(refused.status, 400)
  t.regex(JSON.stringify(refused.body), /b writes .*"one.*a reads; a writes .*two.* which b reads/)
  t.deepEqual((await request('GET', '/rules/b')).body, rule('b', 's2', 'three'))
  t.is(cell.spec('b')?.actions[1]?.props.topic, 'three')
  // once the way is cut, it may
  t.is((await request('PUT', '/rules/a', rule('a', 's1', 'elsewhere'))).status, 200)
  t.is((await request('PUT', '/rules/b', rule('b', 's2', 'one'))).status, 200)
  const back = await request('PUT', '/rules/a', rule('a', 's1', 'two'))
  t.is(back.status, 400)
})

test('a dropped rule closes no cycle, nor does one that was refused for another reason', async (t) => {
  const { request } = await makeServer(t)
  await made(
    request,
    ['/streams', stream('s1', 'one')],
    ['/streams', stream('s2', 'two')],
    ['/rules', rule('a', 's1', 'two')],
  )
  t.is((await request('DELETE', '/rules/a')).status, 200)
  const wrong = await request('POST', '/rules', rule('a', 's1', 'two', { options: { qos: 7 } }))
  t.is(wrong.status, 400)
  t.is((await request('POST', '/rules', rule('b', 's2', 'one'))).status, 201)
  t.is((await request('POST', '/rules', rule('a', 's1', 'two'))).status, 400)
})

test('of two rules that are made at one time and close a cycle together one is refused', async (t) => {
  const { request } = await makeServer(t)
  await made(request, ['/streams', stream('s1', 'one')], ['/streams', stream('s2', 'two')])
  const both = await Promise.all([
    request('POST', '/rules', rule('a', 's1', 'two')),
    request('POST', '/rules', rule('b', 's2', 'one')),
  ])
  t.deepEqual(both.map(({ status }) => status).sort(), [201, 400])
})

test('rules that were there before the server started count', async (t) => {
  const first = await makeServer(t)
  await made(
    first.request,
    ['/streams', stream('s1', 'one')],
    ['/streams', stream('s2', 'two')],
    ['/rules', rule('a', 's1', 'two')],
  )
  await first.server.close()
  const { request } = await makeServer(t, { base: first.folder })
  t.is((await request('POST', '/rules', rule('b', 's2', 'one'))).status, 400)
})

test('a stream is not replaced by one over which its rules would close a cycle', async (t) => {
  const { request } = await makeServer(t)
  await made(
    request,
    ['/streams', stream('s1', 'one')],
    ['/streams', stream('s2', 'two')],
    ['/rules', rule('a', 's1', 'two')],
    ['/rules', rule('b', 's2', 'three')],
  )
  const { status, body } = await request('PUT', '/streams/s1', stream('s1', 'three'))
  t.is(status, 400)
  t.regex(
    JSON.stringify(body),
    /stream \\"s1\\" closes a cycle through memory topics: a writes \\"two\\", which b reads; b writes \\"three\\", which a reads/,
  )
  t.is((await request('PUT', '/streams/s1', stream('s1', 'four'))).status, 200)
})

test('topics made of rows, tables and rules of other sources close none', async (t) => {
  const { request } = await makeServer(t)
  const table =
    'CREATE TABLE t (id BIGINT) WITH (DATASOURCE="two", TYPE="memory", KIND="lookup", KEY="id")'
  await made(
    request,
    ['/streams', stream('s1', 'one')],
    ['/tables', { sql: table }],
    ['/rules', rule('a', 's1', 'one/{{.id}}')],
    [
      '/rules',
      {
        id: 'b',
        sql: 'SELECT s1.id AS id FROM s1 LEFT JOIN t ON s1.id = t.id',
        actions: [{ memory: { topic: 'two' } }],
      },
    ],
  )
  t.pass()
})
