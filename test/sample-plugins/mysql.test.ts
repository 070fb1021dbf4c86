import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { createConnection } from 'mysql2/promise'
import { startMaria } from '#test/fixtures/databases.ts'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

const maria = await startMaria()
const port = maria?.port ?? 0
const withMaria = maria === undefined ? test.serial.skip : test.serial
const origin = `tcp://localhost:${port}`
const url = `plug:plug@tcp(localhost:${port})/plug`

test.after.always(() => maria?.stop())

if (maria === undefined) test('the mysql sink is not tested: there is no mariadbd', (t) => t.pass())

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const login = { user: 'plug', password: 'plug', database: 'plug', charset: 'utf8mb4' }
  const db = await createConnection({ host: '127.0.0.1', port, ...login })
  const [rows] = await db.query(sql)
  await db.end()
  return rows as Record<string, unknown>[]
}

/** A file, line by line, as stream `demo`. */
async function streamOf(host: SampleHost, lines: readonly string[], options = ''): Promise<void> {
  writeFileSync(join(host.folder, 'rows.txt'), lines.map((line) => `${line}\n`).join(''))
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: host.folder,
    fileType: 'lines',
    bufferLength: 2000,
  })
  const sql = `CREATE STREAM demo () WITH (DATASOURCE="rows.txt", TYPE="file", CONF_KEY="rows", FORMAT="json"${options})`
  await host.send('POST', '/streams', { sql })
}

/** Values that end a text, a comment or a statement where somebody pastes them into one. */
const HOSTILE = [
  `'); DROP TABLE test; --`,
  `\\'); DROP TABLE test; -- `,
  `"quoted" 'single' \`back\``,
  'back\\slash \\\\ \\0 \\n',
  'zero \u0000 new\nline tab\t',
  'Größe 中文 🎈 \u{10FFFF} \u202e',
  '\u00bf\u0027 \u5c27',
  '? ?? :name $1 %s',
]

withMaria("the tutorial's rule runs as it stands, but for the port and one grant", async (t) => {
  await query(
    'CREATE TABLE test (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT CHARACTER SET utf8mb4)',
  )
  const host = await SampleHost.start(t)
  const answer = await host.install('mysql', 'sinks/mysql', { network: [origin] })
  t.regex(answer, /^sinks plugin mysql is created/)
  t.true(answer.includes(`${origin}`), answer)
  t.true(answer.includes('POST /plugins/sinks/mysql/grants'), answer)
  t.like(await host.send('GET', '/plugins/sinks/mysql'), { name: 'mysql', version: '1.0.0' })
  await streamOf(
    host,
    HOSTILE.map((text) => JSON.stringify({ text })),
  )
  await host.send('POST', '/rules', {
    id: 'ruleTest',
    sql: 'SELECT * from demo',
    actions: [{ log: {}, mysql: { url, table: 'test' } }],
    options: { restartStrategy: { attempts: 100, delay: 200 } },
  })
  await until(
    'the refusal in the status',
    async () => {
      const text = JSON.stringify(await host.status('ruleTest'))
      return text.includes('mysql') && text.includes(origin) && text.includes('grants')
    },
    () => host.status('ruleTest'),
  )
  t.deepEqual(await query('SELECT * FROM test'), [])
  await host.send('POST', '/plugins/sinks/mysql/grants', { network: [origin] })
  const rows = await until('the rows in the table', async () => {
    const found = await query('SELECT name FROM test ORDER BY id')
    return found.length >= HOSTILE.length && found
  })
  t.deepEqual(
    rows.map(({ name }) => JSON.parse(String(name))),
    HOSTILE.map((text) => [{ text }]),
  )
})

withMaria('fields go to columns of their names, exactly as they were sent', async (t) => {
  await query(
    'CREATE TABLE parts (n INT PRIMARY KEY, text TEXT CHARACTER SET utf8mb4, big BIGINT, part DOUBLE, deep TEXT, nothing INT)',
  )
  const host = await SampleHost.start(t)
  await host.install('mysql', 'sinks/mysql', { network: [origin] })
  await host.send('POST', '/plugins/sinks/mysql/grants', 'all')
  const rows = HOSTILE.map((text, n) => ({ n, text, part: n / 3, deep: { n: [n] } }))
  await streamOf(
    host,
    rows.map((row) => `${JSON.stringify(row).slice(0, -1)},"big":90071992547409930}`),
  )
  const fields = ['n', 'text', 'big', 'part', 'deep', 'nothing']
  const mysql = { url: `mysql://plug:plug@localhost:${port}/plug`, table: 'plug.parts', fields }
  await host.send('POST', '/rules', {
    id: 'parts',
    sql: 'SELECT n, text, cast(big, "bigint") AS big, part, deep FROM demo',
    actions: [{ mysql: { ...mysql, batchSize: 3, lingerInterval: 100 } }],
  })
  const found = await until(
    'the rows in the table',
    async () => {
      const all = await query('SELECT n, text, part, deep, nothing FROM parts ORDER BY n')
      return all.length >= rows.length && all
    },
    async () => host.logged(/.*dropped.*/g),
  )
  t.deepEqual(
    found.map((row) => ({ ...row, part: Number(row.part) })),
    rows.map((row) => ({ ...row, deep: JSON.stringify(row.deep), nothing: null })),
  )
})

withMaria(
  'a wrong name or a missing table keeps the rule from starting, and says so',
  async (t) => {
    const host = await SampleHost.start(t)
    await host.install('mysql', 'sinks/mysql', { network: [origin] })
    await host.send('POST', '/plugins/sinks/mysql/grants', 'all')
    await streamOf(host, [])
    const rule = (id: string, props: object) =>
      host.send('POST', '/rules', { id, sql: 'SELECT * FROM demo', actions: [{ mysql: props }] })
    await t.throwsAsync(rule('a', { url, table: 'x; DROP TABLE test' }), { message: /table/ })
    await t.throwsAsync(rule('b', { url, table: 'test', column: 'a`' }), { message: /column/ })
    await t.throwsAsync(rule('c', { url }), { message: /table/ })
    await rule('d', { url, table: 'nowhere' })
    const text = await until('the reason in the status', async () => {
      const status = JSON.stringify(await host.status('d'))
      return status.includes('ER_NO_SUCH_TABLE') && status
    })
    t.regex(text, /nowhere/)
  },
)

withMaria('a restart of the database loses nothing', async (t) => {
  await query('CREATE TABLE steady (row_id VARCHAR(200) PRIMARY KEY, n INT)')
  const host = await SampleHost.start(t)
  await host.install('mysql', 'sinks/mysql', { network: [origin] })
  await host.send('POST', '/plugins/sinks/mysql/grants', 'all')
  const many = 3000
  await streamOf(
    host,
    Array.from({ length: many }, (_, n) => `{"n":${n}}`),
  )
  await host.send('POST', '/rules', {
    id: 'steady',
    sql: 'SELECT n FROM demo',
    actions: [{ mysql: { url, table: 'steady', fields: ['n'], rowId: 'row_id' } }],
    options: { qos: 1 },
  })
  const count = async () => Number((await query('SELECT count(*) AS n FROM steady'))[0]?.n)
  await until('the first rows', async () => (await count()) > 100)
  await maria?.restart()
  await until('all rows', async () => (await count()) === many)
  t.deepEqual(await query('SELECT sum(n) AS n, count(DISTINCT n) AS d FROM steady'), [
    { n: `${(many * (many - 1)) / 2}`, d: many },
  ])
})

withMaria(
  'at qos 2, with a unique key, each row is there once after kill -9 of the host',
  async (t) => {
    t.timeout(300_000)
    await query('CREATE TABLE once (row_id VARCHAR(200) PRIMARY KEY, n INT)')
    const host = await SampleHost.start(t)
    await host.install('mysql', 'sinks/mysql', { network: [origin] })
    await host.send('POST', '/plugins/sinks/mysql/grants', 'all')
    const many = 6000
    await streamOf(
      host,
      Array.from({ length: many }, (_, n) => `{"n":${n}}`),
    )
    await host.send('POST', '/rules', {
      id: 'once',
      sql: 'SELECT n FROM demo',
      actions: [{ mysql: { url, table: 'once', fields: ['n'], rowId: 'row_id' } }],
      options: { qos: 2, checkpointInterval: '100ms' },
    })
    const count = async () => Number((await query('SELECT count(*) AS n FROM once'))[0]?.n)
    const cuts: number[] = []
    for (const at of [50, 800, 1600]) {
      await until(`row ${at}`, async () => (await count()) >= at)
      await host.killAndStart()
      cuts.push(await count())
    }
    await until('all rows', async () => (await count()) >= many)
    t.log(`killed after ${cuts.join(', ')} of ${many} rows`)
    t.true(cuts.every((cut) => cut < many))
    t.deepEqual(await query('SELECT count(*) AS n, count(DISTINCT n) AS d FROM once'), [
      { n: many, d: many },
    ])
  },
)
