import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { connect } from 'mqtt'
import { builtinSources, createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { readFileOptions } from '#host/cell/connectors/file/options.ts'
import { readBrokerOptions } from '#host/cell/connectors/mqtt/options.ts'
import { Properties } from '#host/cell/connectors/properties.ts'
import { startServer } from '#host/server.ts'
import { makeDefinition } from '#src/plan/definitions.ts'
import { parseStatement } from '#src/sql/parse.ts'
import { startAedes } from '#test/fixtures/broker.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { freePort } from '#test/fixtures/ports.ts'
import { until } from '#test/fixtures/until.ts'
import { codeIn, type Page, patternOf, readPage, runBlock, tableRows } from './page.ts'

const page = readPage('sources.md')
const connectors = new URL('../../host/cell/connectors/', import.meta.url)

function section(type: string): Page {
  const [, text = ''] = new RegExp(`\n## ${type}\n([\\s\\S]*?)(?=\n## )`).exec(page.text) ?? []
  return { text, blocks: [] }
}

/** Properties with the default that the page gives them. */
function defaultsOf(type: string): Record<string, string> {
  const rows = tableRows(section(type)).flatMap(([names = '', written = '']) => {
    const value = codeIn(written)[0] ?? written
    return codeIn(names).map((name): [string, string] => [name, value])
  })
  return Object.fromEntries(rows.filter(([, value]) => value !== 'none' && !value.includes(' ')))
}

for (const type of builtinSources) {
  test(`the page has every property that source ${type} reads`, (t) => {
    const folder = new URL(`${type}/`, connectors)
    const paths =
      type === 'simulator'
        ? [new URL('simulator.ts', connectors)]
        : readdirSync(folder)
            .filter((name) => /^(options|source)\.ts$/.test(name))
            .map((name) => new URL(name, folder))
    const code = paths.map((path) => readFileSync(path, 'utf8')).join('\n')
    const read = code.matchAll(/read\.(?:text|flag|integer|duration|choice|list|path)\('(\w+)'/g)
    const material = code.matchAll(/material\(read, '(\w+)', '(\w+)'\)/g)
    const names = [...read, ...material].flatMap(([, ...found]) => found)
    t.true(names.length >= (type === 'memory' ? 0 : 3))
    const { text } = section(type)
    for (const name of names) {
      // of Kuiper's older files, and taken for them only
      if (name !== 'servers') t.true(text.includes(`\`${name}\``), name)
    }
  })
}

test('the defaults on the page are those of the sources', (t) => {
  const joined = (...parts: string[]) => join(...parts)
  t.deepEqual(readFileOptions('x', defaultsOf('file'), joined), readFileOptions('x', {}, joined))
  t.is(Object.keys(defaultsOf('file')).length, 9)
  const broker = (props: object) =>
    JSON.stringify(readBrokerOptions(new Properties('mqtt', { server: 'ssl://b', ...props }), 'id'))
  const { server = '', ...mqtt } = defaultsOf('mqtt')
  t.is(broker(mqtt), broker({}))
  t.is(readBrokerOptions(new Properties('mqtt', {}), 'id').address, server)
  t.like(defaultsOf('httppush'), {
    method: 'post',
    httpServerIp: '127.0.0.1',
    httpServerPort: '10081',
    bodyLimit: '1048576',
  })
})

test('every statement on the page is one, and its source takes its properties', (t) => {
  const statements = page.blocks.filter(({ language }) => language === 'sql')
  t.true(statements.length >= 4)
  const { sources } = createBuiltinConnectors()
  for (const { text } of statements) {
    const create = parseStatement(text)
    if (create.type !== 'create') throw new Error(`no definition: ${text}`)
    const { options } = makeDefinition(create)
    const source = sources.get(options.type)?.create()
    t.notThrows(() => source?.configure(options.datasource, options.extra), text)
    t.not(source, undefined)
  }
})

async function startHost(t: ExecutionContext) {
  const folder = makeFolder(t, {
    'etc/plutino.yaml': '',
    'data/readings.csv': 'id,n\na,5\n',
    'data/lines.txt': '{"a":1}\n',
  })
  const overrides = { port: 0, consoleLog: false }
  const server = await startServer({ base: folder, environment: {}, overrides })
  t.teardown(() => server.close())
  const post = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(server.url + path, init)
    t.is(answer.status, 201, await answer.text())
  }
  return { folder, url: server.url, post }
}

test('every command on the page does what the page says', async (t) => {
  t.timeout(300_000)
  const { folder, url } = await startHost(t)
  const port = await freePort()
  const here = (text: string) =>
    text
      .replace('DATASOURCE="/api/data")', `DATASOURCE="/api/data", CONF_KEY="here")`)
      .replace(':10081', `:${port}`)
  const conf = { httpServerPort: port }
  const init = { method: 'PUT', body: JSON.stringify(conf) }
  const headers = { 'content-type': 'application/json' }
  const put = await fetch(`${url}/metadata/sources/httppush/confKeys/here`, { ...init, headers })
  t.is(put.status, 200, await put.text())
  const commands = page.blocks.filter(({ language }) => language === 'sh')
  t.is(commands.length, 2)
  for (const { text, expected = '' } of commands) {
    const { code, said } = await runBlock(here(text), { url, folder })
    t.is(code, 0, said)
    t.regex(said, patternOf(expected))
  }
})

test('rows have the metadata that the page says, and the types that their source gives them', async (t) => {
  t.timeout(300_000)
  const { folder, post } = await startHost(t)
  const broker = await startAedes()
  t.teardown(() => broker.close())
  const streams = {
    mq: `() WITH (DATASOURCE="d/+", EXTRA="{\\"server\\":\\"${broker.url}\\"}")`,
    header: `(id STRING, n BIGINT) WITH (TYPE="file", DATASOURCE="readings.csv", EXTRA="{\\"fileType\\":\\"csv\\",\\"hasHeader\\":true}")`,
    lines: `() WITH (TYPE="file", DATASOURCE="lines.txt", EXTRA="{\\"fileType\\":\\"lines\\"}")`,
    mem: `() WITH (TYPE="memory", DATASOURCE="m/#")`,
    sim: `() WITH (TYPE="simulator", EXTRA="{\\"interval\\":\\"50ms\\"}")`,
  }
  const readings = page.blocks.find(({ text }) => text.startsWith('CREATE STREAM readings'))
  await post('/streams', { sql: readings?.text })
  for (const [name, rest] of Object.entries(streams)) {
    await post('/streams', { sql: `CREATE STREAM ${name} ${rest}` })
  }
  const asked = { mq: ', mqtt(messageid) = meta(messageid) AS same, mqtt(topic) AS t' }
  for (const name of ['mq', 'header', 'lines', 'mem', 'readings']) {
    const more = name === 'mq' ? asked.mq : ''
    const sql = `SELECT *, meta(*) AS m${more} FROM ${name}`
    await post('/rules', { id: name, sql, actions: [{ file: { path: join(folder, name) } }] })
  }
  const feed = [{ memory: { topic: 'm/x' } }]
  await post('/rules', { id: 'feed', sql: 'SELECT * FROM sim', actions: feed })
  const client = connect(broker.url.replace('tcp', 'mqtt'))
  t.teardown(() => client.end(true))
  const publish = setInterval(() => client.publish('d/a', '{"x":1}', { qos: 1 }), 200)
  t.teardown(() => clearInterval(publish))
  const rowOf = (name: string): Promise<Record<string, unknown>> =>
    until(`a row of ${name}`, async () => {
      const [line] = readFileSync(join(folder, name), { encoding: 'utf8', flag: 'a+' }).split('\n')
      return line !== undefined && line !== '' && JSON.parse(line)[0]
    })
  const { m, ...row } = await rowOf('mq')
  t.deepEqual(row, { x: 1, same: true, t: 'd/a' })
  t.deepEqual(Object.keys(m as object).sort(), ['messageid', 'qos', 'topic'])
  t.deepEqual(await rowOf('header'), { id: 'a', n: '5', m: { file: 'data/readings.csv' } })
  t.deepEqual(await rowOf('readings'), { id: 'a', n: 5, m: { file: 'data/readings.csv' } })
  t.deepEqual(await rowOf('lines'), { a: 1, m: { file: 'data/lines.txt' } })
  t.deepEqual(await rowOf('mem'), { temperature: 22.5, humidity: 50, m: { topic: 'm/x' } })
})

test('the status has the figures that the page names, and what cannot be decoded where it says', async (t) => {
  t.timeout(120_000)
  const { folder, url, post } = await startHost(t)
  writeFileSync(join(folder, 'data/bad.txt'), '{"a":1}\nrubbish\n')
  const sql =
    'CREATE STREAM bad () WITH (TYPE="file", DATASOURCE="bad.txt", EXTRA="{\\"fileType\\":\\"lines\\"}")'
  await post('/streams', { sql })
  await post('/rules', { id: 'bad', sql: 'SELECT a FROM bad', actions: [{ nop: {} }] })
  const status = await until('the end of the file', async () => {
    const answer = (await (await fetch(`${url}/rules/bad/status`)).json()) as Record<
      string,
      unknown
    >
    return answer.status === 'stopped' && answer
  })
  t.like(status, {
    message: 'done',
    source_bad_0_records_in_total: 2,
    source_bad_0_exceptions_total: 0,
    op_2_decoder_0_exceptions_total: 1,
  })
  const shown = { text: page.text.slice(page.text.indexOf('## What the status shows')), blocks: [] }
  const figures = tableRows(shown).flatMap(([names = '']) => codeIn(names))
  t.true(figures.length >= 12)
  for (const name of figures) {
    // of mqtt alone
    if (name !== 'possible_duplicates_total') t.true(`source_bad_0_${name}` in status, name)
  }
})
