import test from 'ava'
import { SampleHost } from '#test/fixtures/sample-host.ts'

/** As the page on sources has it, to the byte: tabs, the comma behind the last column, the semicolon. */
const STATEMENT = `CREATE STREAM demo (
\t\tUSERID BIGINT,
\t\tFIRST_NAME STRING,
\t\tLAST_NAME STRING,
\t\tNICKNAMES ARRAY(STRING),
\t\tGender BOOLEAN,
\t\tADDRESS STRUCT(STREET_NAME STRING, NUMBER BIGINT),
\t) WITH (DATASOURCE="mytopic", TYPE="mySource", CONF_KEY="democonf");`

test('a stream whose TYPE is not installed is accepted and named as pending, a rule on it is refused by name', async (t) => {
  const host = await SampleHost.start(t)
  t.regex(
    String(await host.send('POST', '/streams', { sql: STATEMENT })),
    /^Stream demo is created\..*"mySource" is not installed/,
  )
  t.like(await host.send('GET', '/streams/demo'), { Name: 'demo' })
  const rule = { id: 'r', sql: 'SELECT * FROM demo', actions: [{ log: {} }] }
  await t.throwsAsync(host.send('POST', '/rules', rule), { message: /mySource/ })
  const action = { id: 'r', sql: 'SELECT * FROM demo', actions: [{ mySink: {} }] }
  await t.throwsAsync(host.send('POST', '/rules', action), { message: /mySource|mySink/ })
})

test('when a plugin brings the TYPE, the rule is taken', async (t) => {
  const host = await SampleHost.start(t)
  const sql = 'CREATE STREAM later () WITH (DATASOURCE="x", TYPE="random", CONF_KEY="ext")'
  t.regex(String(await host.send('POST', '/streams', { sql })), /"random" is not installed/)
  const rule = { id: 'r', sql: 'SELECT * FROM later', actions: [{ nop: {} }] }
  await t.throwsAsync(host.send('POST', '/rules', rule), { message: /random/ })
  await host.install('random', 'sources/random')
  await t.notThrowsAsync(host.send('POST', '/rules', rule))
})
