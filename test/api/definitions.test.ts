import test, { type ExecutionContext } from 'ava'
import { makeServer, type TestServer } from '#test/fixtures/server.ts'

const json = (status: number, body: unknown) => ({ status, type: 'application/json', body })
const text = (status: number, body: string) => ({ status, type: 'text/plain', body })
const create = (name: string, columns = 'a bigint, b string', options = '') => ({
  sql: `CREATE STREAM ${name} (${columns}) WITH (DATASOURCE="t", FORMAT="json"${options})`,
})

test('a stream is created, shown, described, replaced and dropped with the sentences of Kuiper', async (t) => {
  const { request } = await makeServer(t)
  t.deepEqual(await request('POST', '/streams', create('s')), text(201, 'Stream s is created.'))
  t.deepEqual(await request('GET', '/streams'), json(200, ['s']))
  t.deepEqual(
    await request('GET', '/streamdetails'),
    json(200, [{ name: 's', type: 'mqtt', format: 'json' }]),
  )
  t.deepEqual(
    await request('GET', '/streams/s'),
    json(200, {
      Name: 's',
      StreamFields: [
        { FieldType: 'bigint', Name: 'a' },
        { FieldType: 'string', Name: 'b' },
      ],
      Options: { datasource: 't', format: 'json' },
      StreamType: 0,
      Statement: null,
    }),
  )
  t.deepEqual(
    await request('PUT', '/streams/s', create('s', 'c float')),
    text(200, 'Stream s is replaced.'),
  )
  t.deepEqual(
    await request('GET', '/streams/s/schema'),
    json(200, { c: { type: 'float', index: 0 } }),
  )
  t.deepEqual(await request('DELETE', '/streams/s'), text(200, 'Stream s is dropped.'))
  t.deepEqual(await request('GET', '/streams'), json(200, []))
})

test('nested columns, defaults and options are described', async (t) => {
  const { request } = await makeServer(t)
  const sql =
    'CREATE STREAM s (a ARRAY(BIGINT), b STRUCT(x FLOAT, y ARRAY(STRING)), c BIGINT DEFAULT -5) ' +
    'WITH (DataSource="x", Format="Json", SHARED=TRUE, STRICT_VALIDATION=false, VERSION="2")'
  t.is((await request('POST', '/streams', { sql })).status, 201)
  const { body } = await request('GET', '/streams/s')
  t.like(body, {
    StreamFields: [
      { FieldType: { Type: 'array', ElementType: 'bigint' }, Name: 'a' },
      {
        FieldType: {
          Type: 'struct',
          Fields: [
            { FieldType: 'float', Name: 'x' },
            { FieldType: { Type: 'array', ElementType: 'string' }, Name: 'y' },
          ],
        },
        Name: 'b',
      },
      { FieldType: 'bigint', Name: 'c', DefaultClause: '-5' },
    ],
    Options: { datasource: 'x', format: 'Json', shared: true, version: '2' },
  })
  t.deepEqual((await request('GET', '/streams/s/schema')).body, {
    a: { type: 'array', items: { type: 'bigint' }, index: 0 },
    b: {
      type: 'struct',
      properties: { x: { type: 'float' }, y: { type: 'array', items: { type: 'string' } } },
      index: 0,
    },
    c: { type: 'bigint', index: 0 },
  })
})

test('tables are told apart by kind', async (t) => {
  const { request } = await makeServer(t)
  const lookup = 'CREATE TABLE l () WITH (DATASOURCE="x", TYPE="memory", KIND="lookup", KEY="id")'
  t.deepEqual(await request('POST', '/tables', { sql: lookup }), text(201, 'Table l is created.'))
  const scan = 'CREATE TABLE t (id bigint) WITH (DATASOURCE="x")'
  t.deepEqual(await request('POST', '/tables', { sql: scan }), text(201, 'Table t is created.'))
  t.deepEqual(await request('GET', '/tables'), json(200, ['l', 't']))
  t.deepEqual(await request('GET', '/tables?kind=lookup'), json(200, ['l']))
  t.deepEqual(await request('GET', '/tables?kind=scan'), json(200, ['t']))
  t.deepEqual(await request('GET', '/streams'), json(200, []))
  t.like((await request('GET', '/tables/t')).body, { StreamType: 1 })
  t.deepEqual(
    await request('GET', '/tables?kind=cube'),
    json(400, { error: 1000, message: '"kind" must be one of "scan", "lookup"', code: 'bad-body' }),
  )
})

test('statements that are no CREATE are understood, too', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/streams', create('s'))
  t.deepEqual(await request('POST', '/streams', { sql: 'SHOW STREAMS' }), json(201, ['s']))
  t.like((await request('POST', '/streams', { sql: 'DESCRIBE STREAM s' })).body, { Name: 's' })
  t.deepEqual(
    await request('POST', '/streams', { sql: 'DROP STREAM s' }),
    text(201, 'Stream s is dropped.'),
  )
})

test('several statements in one text are done in order, each kept with its own text', async (t) => {
  const { request } = await makeServer(t)
  const sql = `
    -- two streams; and one goes
    CREATE STREAM \`a\` (v BIGINT) WITH (DATASOURCE="x;y", TYPE="memory"); /* ; */
    CREATE STREAM b () WITH (DATASOURCE="ü", TYPE="memory");
    CREATE TABLE c () WITH (DATASOURCE="z", TYPE="memory"); -- the end
    DROP STREAM b;
    SHOW STREAMS;`
  t.deepEqual(
    await request('POST', '/streams', { sql }),
    json(201, [
      'Stream a is created.',
      'Stream b is created.',
      'Table c is created.',
      'Stream b is dropped.',
      ['a'],
    ]),
  )
  t.like((await request('GET', '/streams/a')).body, { Options: { datasource: 'x;y' } })
  t.like((await request('GET', '/tables/c')).body, { Options: { datasource: 'z' } })
})

test('of several statements none is done when one cannot be read, and the first that fails says which it is', async (t) => {
  const { request } = await makeServer(t)
  const broken = `${create('a').sql}; CREATE STRAEM b () WITH ()`
  t.is((await request('POST', '/streams', { sql: broken })).status, 400)
  t.deepEqual((await request('GET', '/streams')).body, [])
  const twice = `${create('a').sql}; ${create('a').sql}`
  const answer = await request('POST', '/streams', { sql: twice })
  t.is(answer.status, 409)
  t.regex(
    (answer.body as { message: string }).message,
    /^statement 2 of 2: Create stream fails: stream a already exists.*; those before it are done$/,
  )
})

test('a type that is not installed is named as pending', async (t) => {
  const { request, plugins } = await makeServer(t)
  const body = { sql: 'CREATE STREAM s () WITH (DATASOURCE="x", TYPE="random")' }
  t.deepEqual(
    await request('POST', '/streams', body),
    text(
      201,
      'Stream s is created. Its type "random" is not installed: rules on it are refused until a plugin brings it.',
    ),
  )
  plugins.put('source', 'random')
  t.deepEqual(await request('PUT', '/streams/s', body), text(200, 'Stream s is replaced.'))
  const near = { sql: 'CREATE STREAM near () WITH (DATASOURCE="x", TYPE="randm")' }
  const { body: said } = await request('POST', '/streams', near)
  t.regex(String(said), /until a plugin brings it; did you mean "random"\?$/)
})

const refusals: [what: string, sql: unknown, number: number, code: string, message: string][] = [
  [
    'an empty statement',
    '',
    3000,
    'bad-statement',
    'the statement is empty; write CREATE STREAM name () WITH (…)',
  ],
  [
    'a SELECT',
    'SELECT a FROM s',
    3000,
    'bad-statement',
    'a SELECT is no definition; post it as the sql of a rule',
  ],
  [
    'half a statement',
    'CREATE STREAM',
    3000,
    'unexpected-end',
    'unexpected end of statement (line 1, column 14); expected the name of a stream',
  ],
  [
    'an unknown option',
    'CREATE STREAM s () WITH (DATASURCE="x")',
    3000,
    'unknown-option',
    'unknown option "DATASURCE" (line 1, column 26); did you mean "DATASOURCE"?',
  ],
  [
    'an unknown format',
    'CREATE STREAM s () WITH (FORMAT="jsn")',
    3000,
    'bad-option',
    'option "FORMAT" cannot be "jsn" (line 1, column 33); did you mean "json"?',
  ],
  [
    'a name that is a path',
    'CREATE STREAM `../x` () WITH (DATASOURCE="x")',
    3000,
    'unexpected-token',
    '`../x` cannot name a stream (line 1, column 15); use letters, digits, "_" and "-"',
  ],
  [
    'a lookup table of a type that cannot be asked',
    'CREATE TABLE s () WITH (TYPE="mqtt", KIND="lookup", KEY="id")',
    3000,
    'bad-statement',
    'Create table fails: lookup source type mqtt not found; there are httppull, memory, sqlite',
  ],
  ['a statement that is no text', 3, 1000, 'bad-body', '"sql" must be a string'],
]

for (const [what, sql, error, code, message] of refusals) {
  test(`${what} is refused`, async (t) => {
    const { request } = await makeServer(t)
    t.deepEqual(await request('POST', '/streams', { sql }), json(400, { error, message, code }))
    t.deepEqual(await request('GET', '/streams'), json(200, []))
  })
}

test('a body without sql, or with more, is refused', async (t) => {
  const { request } = await makeServer(t)
  t.deepEqual(
    await request('POST', '/streams', {}),
    json(400, { error: 1000, message: '"sql" is missing in the body', code: 'bad-body' }),
  )
  t.deepEqual(
    await request('POST', '/streams', { sql: 'x', slq: 'y' }),
    json(400, {
      error: 1000,
      message: 'unknown key "slq" in the body; did you mean "sql"?',
      code: 'bad-body',
    }),
  )
})

test('a name is given once, to a stream or a table', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/streams', create('s'))
  const message = 'Create stream fails: stream s already exists; PUT /streams/s replaces it'
  t.deepEqual(
    await request('POST', '/streams', create('s')),
    json(409, { error: 3000, message, code: 'already-exists' }),
  )
  t.is(
    (await request('POST', '/tables', { sql: 'CREATE TABLE s () WITH (DATASOURCE="x")' })).status,
    409,
  )
})

test('what is not there is 404, with the one that was meant', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/streams', create('demo'))
  const cases: [string, string, string][] = [
    ['GET', '/streams/dmo', 'Describe stream fails, dmo is not found; did you mean "demo"?'],
    ['GET', '/streams/zzzzz/schema', 'Describe stream fails, zzzzz is not found'],
    ['GET', '/tables/demo', 'Describe table fails, demo is not found'],
    ['DELETE', '/streams/zzzzz', 'Drop stream fails: stream zzzzz is not found'],
    ['DELETE', '/tables/zzzzz', 'Drop table fails: table zzzzz is not found'],
    ['GET', '/streams/..%2f..', 'Describe stream fails, ../.. is not found'],
  ]
  for (const [method, path, message] of cases) {
    t.deepEqual(
      await request(method, path),
      json(404, { error: 1002, message, code: 'not-found' }),
      path,
    )
  }
})

test('a replacement must name the same, keep SHARED, and not be older', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/streams', create('s', '', ', VERSION="2"'))
  const cases: [object, number, string, string][] = [
    [
      create('u'),
      400,
      'bad-statement',
      'Replace s fails: the sql statement must update the s source.',
    ],
    [
      create('s', '', ', SHARED="true"'),
      400,
      'bad-statement',
      'Replace s fails: SHARED cannot be changed; drop it first',
    ],
    [
      create('s', '', ', VERSION="1"'),
      409,
      'stale-version',
      'Replace s fails: it exists with version (2), new version (1) is lower',
    ],
  ]
  for (const [body, status, code, message] of cases) {
    t.deepEqual(
      await request('PUT', '/streams/s', body),
      json(status, { error: 3000, message, code }),
    )
  }
  t.deepEqual(
    await request('PUT', '/streams/s', create('s', '', ', VERSION="3"')),
    text(200, 'Stream s is replaced.'),
  )
})

test('a stream that a rule reads is not dropped, unless it is forced', async (t) => {
  const { request } = await makeServer(t)
  await readBy(t, request, 'r')
  const message =
    'stream s has been referenced by other rules: r; drop them first, or add ?force=true'
  t.deepEqual(
    await request('DELETE', '/streams/s'),
    json(409, { error: 3000, message, code: 'in-use' }),
  )
  t.deepEqual(await request('DELETE', '/streams/s?force=true'), text(200, 'Stream s is dropped.'))
})

test('a stream whose rule is stopped is not dropped either', async (t) => {
  const { request } = await makeServer(t)
  await readBy(t, request, 'r', { triggered: false })
  t.is((await request('DELETE', '/streams/s')).status, 409)
  await request('DELETE', '/rules/r')
  t.deepEqual(await request('DELETE', '/streams/s'), text(200, 'Stream s is dropped.'))
})

async function readBy(t: ExecutionContext, request: TestServer['request'], id: string, more = {}) {
  await request('POST', '/streams', create('s'))
  const rule = { id, sql: 'SELECT a FROM s', actions: [{ log: {} }], ...more }
  t.is((await request('POST', '/rules', rule)).status, 201)
}
