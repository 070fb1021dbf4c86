import test, { type ExecutionContext } from 'ava'
import { CellError } from '#host/cell/cell.ts'
import { makeServer } from '#test/fixtures/server.ts'

const json = (status: number, body: unknown) => ({ status, type: 'application/json', body })
const text = (status: number, body: string) => ({ status, type: 'text/plain', body })
const refused = (message: string, code: string, error = 1000, status = 400) =>
  json(status, { error, message, code })
const rule = { id: 'r', sql: 'SELECT a FROM s', actions: [{ log: {} }] }

async function make(t: ExecutionContext, yaml = '') {
  const it = await makeServer(t, { yaml })
  const sql = 'CREATE STREAM s (a bigint, b string) WITH (DATASOURCE="t", FORMAT="json")'
  await it.request('POST', '/streams', { sql })
  return it
}

test('an unknown column is refused with its place and the one that was meant', async (t) => {
  const { request } = await make(t)
  const { status, body } = await request('POST', '/rules', { ...rule, sql: 'SELECT aa FROM s' })
  t.is(status, 400)
  t.like(body, { error: 1000, code: 'unknown-column' })
  t.regex(String(Object(body).message), /aa.*\(line 1, column 8\)/)
})

test('a rule on a source whose plugin is missing is refused with its name', async (t) => {
  const { request } = await make(t)
  await request('POST', '/streams', {
    sql: 'CREATE STREAM p () WITH (DATASOURCE="x", TYPE="random")',
  })
  t.deepEqual(
    await request('POST', '/rules', { ...rule, sql: 'SELECT a FROM p' }),
    refused(
      'stream p needs the source plugin "random" (line 1, column 15); install it',
      'bad-option',
    ),
  )
})

test('an unknown CONF_KEY is refused when a rule reads the stream', async (t) => {
  const { request } = await make(t)
  await request('POST', '/streams', {
    sql: 'CREATE STREAM p () WITH (DATASOURCE="x", CONF_KEY="demo")',
  })
  await request('PUT', '/metadata/sources/mqtt/confKeys/demoConf', { qos: 1 })
  t.deepEqual(
    await request('POST', '/rules', { ...rule, sql: 'SELECT a FROM p' }),
    refused(
      'no CONF_KEY "demo" for source type "mqtt"; did you mean "demoConf"?',
      'unknown-conf-key',
    ),
  )
})

test('a rule that is there already is refused, also when two come at once', async (t) => {
  const { request, cell } = await make(t)
  const answers = await Promise.all([
    request('POST', '/rules', rule),
    request('POST', '/rules', rule),
  ])
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 409])
  t.deepEqual(
    await request('POST', '/rules', rule),
    refused('rule r already exists; PUT /rules/r replaces it', 'already-exists', 1000, 409),
  )
  t.deepEqual(cell.calls, ['deploy r'])
})

test('nothing of a rule is seen before it runs', async (t) => {
  const { request, cell } = await make(t)
  const gate = Promise.withResolvers<void>()
  cell.gate = gate.promise
  const creation = request('POST', '/rules', rule)
  while (cell.calls.length === 0) await new Promise(setImmediate)
  t.deepEqual(await request('GET', '/rules'), json(200, []))
  gate.resolve()
  t.is((await creation).status, 201)
})

test('a rule whose properties the cell refuses is not created', async (t) => {
  const { request, cell } = await make(t)
  cell.failures.set('r', new CellError('bad-property', 'rule "r": mqtt action 0 needs a topic'))
  t.deepEqual(
    await request('POST', '/rules', rule),
    refused('rule "r": mqtt action 0 needs a topic', 'bad-property', 2201),
  )
  t.deepEqual(await request('GET', '/rules'), json(200, []))
})

test('a rule whose plugin cannot be opened is created, and its status says why', async (t) => {
  const { request, cell } = await make(t)
  cell.failures.set('r', new CellError('open-failed', 'source "tail": no such file'))
  t.is((await request('POST', '/rules', rule)).status, 201)
  t.like((await request('GET', '/rules/r/status')).body, {
    status: 'stopped by error',
    message: 'source "tail": no such file',
  })
  cell.failures.clear()
  t.is((await request('POST', '/rules/r/start')).status, 200)
  t.like((await request('GET', '/rules/r/status')).body, { status: 'running', message: '' })
})

test('what is not there is 404, with the sentences of Kuiper', async (t) => {
  const { request } = await make(t)
  const cases: [string, string, string][] = [
    ['GET', '/rules/x', 'Describe rule error: Rule x is not found.'],
    ['DELETE', '/rules/x', 'Delete rule error: rule x not found'],
    ['GET', '/rules/x/status', 'get rule status error: Rule x is not found'],
    ['GET', '/rules/x/topo', 'get rule topo error: Rule x is not found'],
    ['GET', '/rules/x/explain', 'explain rules error: Rule x is not found.'],
    [
      'POST',
      '/rules/x/start',
      'start rule error: Rule x is not found in registry, please check if it is created',
    ],
    [
      'POST',
      '/rules/x/stop',
      'stop rule error: Rule x is not found in registry, please check if it is created',
    ],
    [
      'POST',
      '/rules/x/restart',
      'restart rule error: Rule x is not found in registry, please check if it is created',
    ],
  ]
  for (const [method, path, message] of cases) {
    t.deepEqual(await request(method, path), refused(message, 'not-found', 1002, 404), path)
  }
  await request('POST', '/rules', { ...rule, id: 'alarm' })
  t.like((await request('GET', '/rules/alrm')).body, {
    message: 'Describe rule error: Rule alrm is not found; did you mean "alarm"?',
  })
})

test('an update that cannot be planned leaves the rule running as it was', async (t) => {
  const { request, cell } = await make(t)
  await request('POST', '/rules', rule)
  t.is((await request('PUT', '/rules/r', { ...rule, sql: 'SELECT FROM' })).status, 400)
  t.deepEqual(
    await request('PUT', '/rules/r', { ...rule, id: 'x' }),
    refused('RuleId is not consistent with rule id.', 'bad-rule'),
  )
  t.deepEqual(cell.calls, ['deploy r'])
  t.deepEqual((await request('GET', '/rules/r')).body, rule)
})

test('an update that the cell refuses starts the rule again as it was', async (t) => {
  const { request, cell } = await make(t)
  await request('POST', '/rules', rule)
  cell.failures.set('r', new CellError('bad-property', 'no topic'))
  const answer = request('PUT', '/rules/r', { ...rule, sql: 'SELECT b FROM s' })
  while (cell.calls.length < 3) await new Promise(setImmediate)
  cell.failures.clear()
  t.deepEqual(await answer, refused('no topic', 'bad-property', 2201))
  t.deepEqual(cell.calls, ['deploy r', 'stop r: stopped by update', 'deploy r', 'deploy r'])
  t.deepEqual((await request('GET', '/rules/r')).body, rule)
  t.like((await request('GET', '/rules/r/status')).body, { status: 'running' })
})

test('an update starts the new plan, and makes a rule that was not there', async (t) => {
  const { request, cell } = await make(t)
  const changed = { sql: 'SELECT b FROM s', actions: [{ nop: {} }] }
  t.deepEqual(
    await request('PUT', '/rules/r', changed),
    text(200, 'Rule r was updated successfully.'),
  )
  t.deepEqual((await request('GET', '/rules/r')).body, { id: 'r', ...changed })
  t.deepEqual(await request('PUT', '/rules/r', rule), text(200, 'Rule r was updated successfully.'))
  t.is(cell.spec('r')?.epoch, 2)
  t.is(cell.spec('r')?.plan.actions[0]?.type, 'log')
})

test('an older version of a rule is refused', async (t) => {
  const { request } = await make(t)
  await request('POST', '/rules', { ...rule, version: '2' })
  t.deepEqual(
    await request('PUT', '/rules/r', { ...rule, version: '1' }),
    refused(
      'rule r already exists with version (2), new version (1) is lower',
      'stale-version',
      1000,
      409,
    ),
  )
  t.is((await request('PUT', '/rules/r', { ...rule, version: '3' })).status, 200)
})

test('a rule with qos 1 goes on from its checkpoint, one with qos 0 and one that was reset do not', async (t) => {
  const { request, cell } = await make(t)
  await request('POST', '/rules', { ...rule, options: { qos: 1 } })
  const { generation } = cell.spec('r') ?? {}
  await request('POST', '/rules/r/restart')
  t.is(new TextDecoder().decode(cell.spec('r')?.checkpoint?.state), 'state of epoch 1')
  t.is(cell.spec('r')?.generation, generation)
  t.deepEqual(await request('PUT', '/rules/r/reset_state'), text(200, 'Rule r state was reset.'))
  t.is(cell.spec('r')?.checkpoint, undefined)
  t.not(cell.spec('r')?.generation, generation)
  await request('POST', '/rules', { ...rule, id: 'q' })
  await request('POST', '/rules/q/restart')
  t.is(cell.spec('q')?.checkpoint, undefined)
})

test('what a rule would do is explained, and validated without creating it', async (t) => {
  const { request } = await make(t)
  await request('POST', '/rules', { ...rule, sql: 'SELECT a FROM s WHERE a > 1' })
  const explained = await request('GET', '/rules/r/explain')
  t.is(explained.type, 'text/plain')
  t.regex(String(explained.body), /^\{"op":"ProjectPlan_0".*DataSourcePlan/s)
  t.deepEqual(
    await request('GET', '/rules/r/topo'),
    json(200, {
      sources: ['source_s'],
      edges: {
        source_s: ['op_2_decoder'],
        op_2_decoder: ['op_3_project'],
        op_3_project: ['op_log_0_0_transform'],
        op_log_0_0_transform: ['op_log_0_1_encode'],
        op_log_0_1_encode: ['sink_log_0'],
      },
    }),
  )
  t.deepEqual(
    await request('GET', '/rules/r/schema'),
    json(200, { a: { hasIndex: true, index: 0, type: 'bigint' } }),
  )
  const other = { ...rule, id: 'v' }
  t.deepEqual(
    await request('POST', '/rules/validate', other),
    json(200, { valid: true, sources: ['s'] }),
  )
  const wrong = await request('POST', '/rules/validate', { ...other, actions: [{ lgo: {} }] })
  t.deepEqual(
    wrong,
    refused('unknown action "lgo"; did you mean "log"?', 'unknown-action', 2201, 422),
  )
  t.is((await request('GET', '/rules/v')).status, 404)
})

test('rules are started and stopped by tags', async (t) => {
  const { request } = await make(t)
  for (const [id, tags] of [
    ['a', ['x']],
    ['b', ['x', 'y']],
    ['c', []],
  ] as const) {
    await request('POST', '/rules', { ...rule, id, tags })
  }
  t.deepEqual(
    await request('POST', '/rules/bulkstop', { tags: ['x'] }),
    json(200, [
      { ruleId: 'a', success: true },
      { ruleId: 'b', success: true },
    ]),
  )
  t.like((await request('GET', '/rules/c/status')).body, { status: 'running' })
  t.deepEqual(await request('GET', '/rules/tags/match?tags=x,y'), json(200, { rules: ['b'] }))
  await request('PATCH', '/rules/c/tags', { tags: ['y', 'x', 'y'] })
  t.deepEqual((await request('GET', '/rules/tags/match?tags=x,y')).body, { rules: ['b', 'c'] })
  await request('DELETE', '/rules/b/tags', { tags: ['y'] })
  await request('PUT', '/rules/c/tags', { tags: [] })
  t.deepEqual((await request('GET', '/rules/tags/match?tags=y')).body, { rules: [] })
  t.deepEqual(Object((await request('GET', '/rules/b')).body).tags, ['x'])
})
