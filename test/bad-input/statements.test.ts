import test, { type ExecutionContext } from 'ava'
import { type Product, startProduct } from './product.ts'

/** One SELECT with each kind of mistake, and the whole message that it gets. */
const statements: readonly (readonly [string, string])[] = [
  ['', 'Rule wrong has neither sql nor graph.'],
  [
    '   ',
    'unexpected end of statement (line 1, column 1); expected SELECT, CREATE, SHOW, DESCRIBE, EXPLAIN or DROP',
  ],
  [
    'SELEC a FROM typed',
    'unexpected "SELEC" (line 1, column 1); expected SELECT, CREATE, SHOW, DESCRIBE, EXPLAIN or DROP',
  ],
  ['SELECT', 'unexpected end of statement (line 1, column 7); expected an expression'],
  ['SELECT a', 'unexpected end of statement (line 1, column 9); expected "," or FROM'],
  [
    'SELECT a\nFROM',
    'unexpected end of statement (line 2, column 5); expected a stream, a table or a topic',
  ],
  ['SELECT a,, a FROM typed', 'unexpected "," (line 1, column 10); expected an expression'],
  [
    'SELECT a FROM typed WHERE (a > 1',
    'unexpected end of statement (line 1, column 33); expected ")"',
  ],
  [
    'SELECT a FROM typed WHERE a > 1)',
    'unexpected ")" (line 1, column 32); expected an operator or the end',
  ],
  ["SELECT 'a FROM typed", "unterminated string (line 1, column 8); close it with '"],
  ['SELECT \0 FROM typed', 'unexpected "\\u0000" (line 1, column 8)'],
  ['SELECT a FROM typed LIMIT x', 'unexpected "x" (line 1, column 27); LIMIT takes a whole number'],
  [
    'SELECT a FROM typed; DROP STREAM typed',
    'unexpected "DROP" (line 1, column 22); expected one statement',
  ],
  ['DROP STREAM typed', 'SQL DROP STREAM typed is not a select statement.'],
  [
    'SELECT a FROM type',
    'fail to get stream type, please check if stream is created (line 1, column 15); did you mean "typed"?',
  ],
  [
    'SELECT a FROM elsewhere',
    'fail to get stream elsewhere, please check if stream is created (line 1, column 15); CREATE STREAM elsewhere first',
  ],
  ['SELECT nam FROM typed', 'unknown field nam (line 1, column 8); did you mean "name"?'],
  ['SELECT o->y FROM typed', 'unknown field y of a STRUCT (line 1, column 8); did you mean "x"?'],
  ['SELECT abss(a) FROM typed', 'function abss not found (line 1, column 8); did you mean "abs"?'],
  [
    'SELECT nothinglikeit(a) FROM typed',
    'function nothinglikeit not found (line 1, column 8); install the plugin that brings it',
  ],
  [
    'SELECT abs() FROM typed',
    'validate function abs error: Expect 1 arguments but found 0. (line 1, column 8)',
  ],
  [
    'SELECT abs(name) FROM typed',
    'validate function abs error: Expect number - float or int type for parameter 1 (line 1, column 8)',
  ],
  [
    'SELECT b AS c, c AS b FROM typed',
    'select fields have cycled alias: c -> b -> c (line 1, column 16); give one of them a name that no other field uses',
  ],
  [
    'SELECT a AS x, name AS x FROM typed',
    'duplicate field definition x (line 1, column 16); give one of them another name with AS',
  ],
  [
    'SELECT a FROM typed WHERE sum(a) > 1',
    'not allowed to call aggregate function sum in WHERE clause (line 1, column 27); use HAVING',
  ],
  [
    'SELECT a FROM typed GROUP BY TUMBLINGWINDOW(ss, 0)',
    'invalid parameter value 0 (line 1, column 49); write a whole number greater than 0',
  ],
  [
    `SELECT ${'('.repeat(200_000)}`,
    'the statement has more than 6000 words and signs (line 1, column 6007)',
  ],
  [
    `SELECT ${'('.repeat(101)}a${')'.repeat(101)} FROM typed`,
    'the expression nests too deep (line 1, column 108); at most 100 levels',
  ],
  [
    `SELECT a FROM typed WHERE a IN (${Array.from({ length: 50_000 }).fill(1).join(',')})`,
    'the statement has more than 6000 words and signs (line 1, column 6025)',
  ],
]

const rules: readonly (readonly [unknown, string])[] = [
  [[], 'a rule must be a JSON object'],
  [{}, 'Missing rule id.'],
  [{ id: 5 }, '"id" must be a text, not 5'],
  [
    { id: 'a/b' },
    "id 'a/b' contains invalid characters: only alphanumeric, hyphens and underscores are allowed",
  ],
  [
    { id: 'ü\0' },
    "id 'ü\0' contains invalid characters: only alphanumeric, hyphens and underscores are allowed",
  ],
  [{ id: 'x'.repeat(10_000) }, `id '${'x'.repeat(30)}…' has 10000 characters; 200 are allowed`],
  [{ ...rule(), actions: undefined }, 'Missing rule actions.'],
  [{ ...rule(), actions: [] }, 'Missing rule actions.'],
  [{ ...rule(), actions: {} }, '"actions" must be a list such as [{"log": {}}]'],
  [{ ...rule(), actions: [{}] }, 'action 0 must be an object such as {"log": {}}'],
  [{ ...rule(), actions: [{ mqttt: {} }] }, 'unknown action "mqttt"; did you mean "mqtt"?'],
  [
    { ...rule(), actions: [{ telegraph: {} }] },
    'unknown action "telegraph"; install the plugin that brings it',
  ],
  [
    { ...rule(), actions: [{ mqtt: { server: 'tcp://127.0.0.1:1', topic: 'x', qos: 9 } }] },
    'sink "mqtt": property "qos" must be a whole number from 0 to 2, not 9',
  ],
  [
    { ...rule(), actions: [{ mqtt: {} }] },
    'sink "mqtt": property "topic" is missing; set it in the action or in its configuration',
  ],
  [
    { ...rule(), actions: [{ mqtt: { resourceId: 'elsewhere' } }] },
    'no CONF_KEY "elsewhere" for sink type "mqtt"; known are default',
  ],
  [
    { ...rule(), actions: [{ log: { format: 'jsn' } }] },
    'action log: format cannot be "jsn"; did you mean "json"?',
  ],
  [{ ...rule(), options: { qoss: 1 } }, 'unknown option qoss; did you mean "qos"?'],
  [{ ...rule(), options: { qos: 5 } }, 'option qos cannot be 5; expected 0, 1 or 2'],
  [{ ...rule(), optoins: {} }, 'unknown key "optoins" in the rule; did you mean "options"?'],
]

const definitions: readonly (readonly [string, string])[] = [
  ['', 'the statement is empty; write CREATE STREAM name () WITH (…)'],
  ['CREATE STREM x () WITH ()', 'unexpected "STREM" (line 1, column 8); expected STREAM or TABLE'],
  [
    'CREATE STREAM x (a BIGNT) WITH (TYPE="mqtt")',
    'unknown type "BIGNT" (line 1, column 20); did you mean "BIGINT"?',
  ],
  [
    'CREATE STREAM x (a BIGINT, a STRING) WITH (TYPE="mqtt")',
    'column "a" is defined twice (line 1, column 28)',
  ],
  [
    'CREATE STREAM x () WITH (TYP="mqtt")',
    'unknown option "TYP" (line 1, column 26); did you mean "TYPE"?',
  ],
  [
    'CREATE STREAM x () WITH (TYPE="mqtt", FORMAT="jsn")',
    'option "FORMAT" cannot be "jsn" (line 1, column 46); did you mean "json"?',
  ],
  [
    'CREATE STREAM x () WITH (TYPE="mqtt", SHARED="maybe")',
    'option "SHARED" cannot be "maybe" (line 1, column 46); expected "true" or "false"',
  ],
  [
    'CREATE STREAM `..` () WITH (TYPE="mqtt")',
    '`..` cannot name a stream (line 1, column 15); use letters, digits, "_" and "-"',
  ],
  [
    `CREATE STREAM ${'y'.repeat(10_000)} () WITH (TYPE="mqtt")`,
    `"${'y'.repeat(37)}..." has 10000 characters (line 1, column 15); 200 are allowed in the name of a stream`,
  ],
]

function rule(sql = 'SELECT a FROM typed'): Readonly<Record<string, unknown>> {
  return { id: 'wrong', sql, actions: [{ nop: {} }] }
}

async function refused(
  t: ExecutionContext,
  { request }: Product,
  path: string,
  body: unknown,
  message: string,
): Promise<void> {
  const answer = await request('POST', path, body)
  t.is(answer.status, 400, message)
  t.is((answer.body as { message?: string }).message, message)
}

test('statements, rules and definitions with each kind of mistake are refused in one sentence, change nothing, and the rule beside them goes on', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t)
  const { request, goesOn } = product
  await goesOn()
  const typed =
    'CREATE STREAM typed (a BIGINT, name STRING, o STRUCT(x BIGINT)) WITH (TYPE="simulator")'
  t.is((await request('POST', '/streams', { sql: typed })).status, 201)
  for (const [sql, message] of statements) await refused(t, product, '/rules', rule(sql), message)
  for (const [body, message] of rules) await refused(t, product, '/rules', body, message)
  for (const [sql, message] of definitions) await refused(t, product, '/streams', { sql }, message)
  t.deepEqual((await request('GET', '/streams')).body, ['healthy', 'typed'])
  const listed = (await request('GET', '/rules')).body as readonly { id: string }[]
  t.deepEqual(
    listed.map(({ id }) => id),
    ['healthy'],
  )
  await goesOn()
})

test('what needs another part to be right is refused where it is used, with the way out', async (t) => {
  t.timeout(300_000)
  const product = await startProduct(t)
  const { request, goesOn } = product
  const cases: readonly (readonly [string, string])[] = [
    [
      'TYPE="mqtt", DATASOURCE="x", CONF_KEY="hree"',
      'no CONF_KEY "hree" for source type "mqtt"; did you mean "here"?',
    ],
    [
      'TYPE="mqttt", DATASOURCE="x"',
      'stream x needs the source plugin "mqttt" (line 1, column 15); did you mean "mqtt"?',
    ],
    [
      'TYPE="mqtt", DATASOURCE="a/#/b", CONF_KEY="here"',
      'source "mqtt": property "DATASOURCE" holds "a/#/b", which is no MQTT topic filter',
    ],
  ]
  for (const [options, message] of cases) {
    const sql = `CREATE STREAM x () WITH (${options})`
    t.is((await request('POST', '/streams', { sql })).status, 201)
    await refused(t, product, '/rules', rule('SELECT * FROM x'), message)
    t.is((await request('DELETE', '/streams/x')).status, 200)
  }
  const again = await request('POST', '/streams', {
    sql: 'CREATE STREAM healthy () WITH (TYPE="mqtt", DATASOURCE="x")',
  })
  t.deepEqual(again, {
    status: 409,
    type: 'application/json',
    body: {
      error: 3000,
      message:
        'Create stream fails: stream healthy already exists; PUT /streams/healthy replaces it',
      code: 'already-exists',
    },
  })
  const same = await request('POST', '/rules', { ...rule('SELECT n FROM healthy'), id: 'healthy' })
  t.deepEqual(same, {
    status: 409,
    type: 'application/json',
    body: {
      error: 1000,
      message: 'rule healthy already exists; PUT /rules/healthy replaces it',
      code: 'already-exists',
    },
  })
  await goesOn()
})
