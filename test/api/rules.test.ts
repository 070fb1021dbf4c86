import test, { type ExecutionContext } from 'ava'
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

test('a rule is created, shown, stopped, started, restarted and dropped with the sentences of Kuiper', async (t) => {
  const { request, cell } = await make(t)
  t.deepEqual(await request('POST', '/rules', rule), text(201, 'Rule r was created successfully.'))
  t.deepEqual(
    await request('GET', '/rules'),
    json(200, [{ id: 'r', name: 'r', status: 'running', version: '', trace: false, tags: [] }]),
  )
  t.deepEqual(await request('GET', '/rules/r'), json(200, rule))
  t.deepEqual(await request('POST', '/rules/r/stop'), text(200, 'Rule r was stopped.'))
  t.like((await request('GET', '/rules/r/status')).body, {
    status: 'stopped',
    message: 'canceled manually',
  })
  t.like((await request('GET', '/rules')).body, { 0: { status: 'stopped: canceled manually' } })
  t.deepEqual(await request('POST', '/rules/r/start'), text(200, 'Rule r was started'))
  t.deepEqual(await request('POST', '/rules/r/start'), text(200, 'Rule r was started'))
  t.deepEqual(await request('POST', '/rules/r/restart'), text(200, 'Rule r was restarted'))
  t.deepEqual(await request('DELETE', '/rules/r'), text(200, 'Rule r is dropped.'))
  t.deepEqual(await request('GET', '/rules'), json(200, []))
  t.deepEqual(cell.calls, [
    'deploy r',
    'stop r: canceled manually',
    'deploy r',
    'stop r: restarted',
    'deploy r',
    'stop r: dropped',
  ])
})

test('the status has the keys of Kuiper, then the metrics, then ours', async (t) => {
  const { request } = await make(t)
  await request('POST', '/rules', rule)
  const { body } = await request('GET', '/rules/r/status')
  t.deepEqual(Object.keys(Object(body)), [
    'status',
    'message',
    'lastStartTimestamp',
    'lastStopTimestamp',
    'nextStartTimestamp',
    'source_s_0_records_in_total',
    'source_s_0_exceptions_total',
    'source_s_0_last_exception',
    'source_s_0_last_exception_time',
    'restarts',
    'deaths',
    'memory_bytes',
    'cpu_ms',
    'checkpoint',
  ])
  t.deepEqual((await request('GET', '/v2/rules/r/status')).body, body)
  t.deepEqual(
    await request('GET', '/rules/status/all'),
    json(200, { r: { status: 'running', last_exception: 'bad row', exceptions_total: 1 } }),
  )
  t.deepEqual(await request('GET', '/rules/usage/cpu'), json(200, { r: 2 }))
})

test('a rule with triggered false is kept, not started', async (t) => {
  const { request, cell } = await make(t)
  await request('POST', '/rules', { ...rule, triggered: false })
  t.deepEqual(cell.calls, [])
  t.like((await request('GET', '/rules/r/status')).body, { status: 'stopped', message: '' })
})

test('a cell gets plan, properties, options and epoch', async (t) => {
  const { request, cell } = await make(
    t,
    'rule:\n  sendError: true\n  cpuLimit: 0.5\n  checkpointInterval: 7s\n',
  )
  await request('PUT', '/metadata/sources/mqtt/confKeys/k', {
    server: 'tcp://a:1',
    bufferLength: 5,
    dropPolicy: 'newest',
  })
  await request('PUT', '/metadata/sinks/mqtt/confKeys/out', { server: 'tcp://b:2', retained: true })
  await request('POST', '/streams', {
    sql: 'CREATE STREAM x () WITH (DATASOURCE="up", TYPE="Mqtt", CONF_KEY="k", SHARED="true", EXTRA="{\\"qos\\":2}")',
  })
  const actions = [{ mqtt: { resourceId: 'out', topic: 'o', retained: false }, log: {} }]
  const options = {
    qos: 1,
    memoryLimit: '64MB',
    restartStrategy: { attempts: 3 },
    forceExitTimeout: '2s',
  }
  t.is(
    (await request('POST', '/rules', { id: 'r', sql: 'SELECT * FROM x', actions, options })).status,
    201,
  )
  const spec = cell.spec('r')
  t.deepEqual(spec?.sources, [
    {
      stream: 'x',
      type: 'mqtt',
      datasource: 'up',
      props: { server: 'tcp://a:1', bufferLength: 5, dropPolicy: 'newest', qos: 2 },
      shared: true,
      bufferLength: 5,
      bufferBytes: 67_108_864,
      dropPolicy: 'newest',
      spoolLimit: 1_073_741_824,
    },
  ])
  t.deepEqual(spec?.actions, [
    { type: 'mqtt', props: { server: 'tcp://b:2', retained: false, topic: 'o' } },
    { type: 'log', props: {} },
  ])
  t.deepEqual(spec?.options, {
    qos: 1,
    checkpointIntervalMs: 7000,
    saveStateBeforeStop: true,
    forceExitTimeoutMs: 2000,
    debug: false,
    memoryLimitBytes: 67_108_864,
    cpuLimit: 0.5,
    restart: { attempts: 3, delayMs: 1000, multiplier: 2, maxDelayMs: 30_000, jitterFactor: 0.1 },
  })
  t.is(spec?.plan.settings.sendError, true)
  t.is(spec?.epoch, 1)
})

test('a plugin source gets its datasource and properties, a rule its variables', async (t) => {
  const { request, cell, plugins } = await makeServer(t, {
    environment: { KUIPER_PROPS_k: 'a', PLUTINO_PROPS_k: 'b', KUIPER_PROPS_x: '1=2' },
  })
  plugins.put('source', 'random')
  await request('PUT', '/metadata/sources/random/confKeys/fast', { interval: 1 })
  await request('POST', '/streams', {
    sql: 'CREATE STREAM p () WITH (DATASOURCE="d", TYPE="random", CONF_KEY="fast")',
  })
  t.is((await request('POST', '/rules', { ...rule, sql: 'SELECT a FROM p' })).status, 201)
  t.is(cell.spec('r')?.plugins[0]?.name, 'random')
  t.like(cell.spec('r')?.sources[0], { type: 'random', datasource: 'd', props: { interval: 1 } })
  t.is(cell.spec('r')?.options.memoryLimitBytes, 192 * 1024 * 1024)
  t.deepEqual(cell.spec('r')?.props, { k: 'b', x: '1=2' })
})

const refusals: [what: string, body: unknown, message: string, code: string, error?: number][] = [
  ['no object', [], 'a rule must be a JSON object', 'bad-rule'],
  ['no id', { ...rule, id: undefined }, 'Missing rule id.', 'bad-rule'],
  ['an id that is no text', { ...rule, id: 3 }, '"id" must be a text, not 3', 'bad-rule'],
  [
    'an id that is a path',
    { ...rule, id: '../x' },
    "id '../x' contains invalid characters: only alphanumeric, hyphens and underscores are allowed",
    'bad-name',
  ],
  [
    'neither sql nor graph',
    { id: 'r', actions: [{ log: {} }] },
    'Rule r has neither sql nor graph.',
    'bad-rule',
  ],
  ['sql and graph', { ...rule, graph: {} }, 'Rule r has both sql and graph.', 'bad-rule'],
  [
    'a graph',
    { id: 'r', graph: {} },
    'rule "r": graph rules are not supported; write it as sql',
    'not-supported',
  ],
  ['no actions', { ...rule, actions: undefined }, 'Missing rule actions.', 'bad-rule'],
  ['empty actions', { ...rule, actions: [] }, 'Missing rule actions.', 'bad-rule'],
  [
    'an action that is no object',
    { ...rule, actions: ['log'] },
    'action 0 must be an object such as {"log": {}}',
    'bad-rule',
  ],
  [
    'action properties that are no object',
    { ...rule, actions: [{ log: 1 }] },
    'action 0: the properties of "log" must be an object',
    'bad-rule',
  ],
  [
    'an unknown key',
    { ...rule, option: {} },
    'unknown key "option" in the rule; did you mean "options"?',
    'bad-rule',
  ],
  [
    'triggered that is no flag',
    { ...rule, triggered: 'no' },
    '"triggered" must be true or false, not "no"',
    'bad-rule',
  ],
  ['tags that are no list', { ...rule, tags: 'a' }, '"tags" must be a list of texts', 'bad-rule'],
  [
    'a CREATE',
    { ...rule, sql: 'CREATE STREAM x () WITH ()' },
    'SQL CREATE STREAM x () WITH () is not a select statement.',
    'bad-rule',
  ],
  [
    'an unknown stream',
    { ...rule, sql: 'SELECT a FROM ss' },
    'fail to get stream ss, please check if stream is created (line 1, column 15); did you mean "s"?',
    'unknown-stream',
  ],
  [
    'an unknown action',
    { ...rule, actions: [{ lgo: {} }] },
    'unknown action "lgo"; did you mean "log"?',
    'unknown-action',
    2201,
  ],
  [
    'an unknown option',
    { ...rule, options: { qso: 1 } },
    'unknown option qso; did you mean "qos"?',
    'unknown-option',
  ],
  [
    'a qos that there is not',
    { ...rule, options: { qos: 7 } },
    'option qos cannot be 7; expected 0, 1 or 2',
    'bad-option',
  ],
  [
    'a negative option',
    { ...rule, options: { bufferLength: -1 } },
    'invalidBufferLength:bufferLength must be greater than 0; it is -1',
    'bad-option',
  ],
  [
    'a cron without a duration',
    { ...rule, options: { cron: '* * * * *' } },
    'option cron needs option duration beside it',
    'bad-option',
  ],
  [
    'an unknown resourceId',
    { ...rule, actions: [{ mqtt: { resourceId: 'x', topic: 'a' } }] },
    'no CONF_KEY "x" for sink type "mqtt"; there are none',
    'unknown-conf-key',
  ],
]

for (const [what, body, message, code, error] of refusals) {
  test(`a rule with ${what} is refused and leaves nothing behind`, async (t) => {
    const { request, cell } = await make(t)
    t.deepEqual(await request('POST', '/rules', body), refused(message, code, error))
    t.deepEqual(await request('GET', '/rules'), json(200, []))
    t.deepEqual(cell.calls, [])
  })
}

test('a property that no built-in sink reads, and that looks like one that it does, is told', async (t) => {
  const { request } = await make(t)
  const told = {
    ...rule,
    actions: [
      { log: { sendSingel: true } },
      { rest: { url: 'http://127.0.0.1:1', retryatempts: 1, methd: 'PUT', SENDSINGLE: true } },
      { mqtt: { server: 'tcp://127.0.0.1:1', topic: 'a', whateverOfKuiper: 1, clientId: 'c' } },
    ],
  }
  const notes = [
    'Action log reads no property "sendSingel"; did you mean "sendSingle"?',
    'Action rest reads no property "retryatempts"; did you mean "retryAttempts"?',
    'Action rest reads no property "methd"; did you mean "method"?',
  ].join(' ')
  const created = `Rule r was created successfully. ${notes}`
  t.deepEqual(await request('POST', '/rules', told), text(201, created))
  const updated = `Rule r was updated successfully. ${notes}`
  const { id: _id, ...body } = told
  t.deepEqual(await request('PUT', '/rules/r', body), text(200, updated))
})
