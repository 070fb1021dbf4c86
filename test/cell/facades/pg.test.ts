import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { makeCertificates } from '#test/fixtures/certificates.ts'
import { startPostgres } from '#test/fixtures/postgres.ts'
import { lostOverRestart, saysWhatIsMissing } from './drivers.ts'

const certificates = await makeCertificates()
const postgres = await startPostgres({ tls: certificates })
const probes = new ProbeCell()
const withPostgres = postgres === undefined ? test.serial.skip : test.serial
const port = postgres?.port ?? 0
const powers = { network: [`tcp://localhost:${port}`] }
const login = { host: 'localhost', port, user: 'plug', password: 'plug', database: 'plug' }
const head = `const { Client, Pool } = require('pg')`

test.after.always(async () => {
  await probes.close()
  await postgres?.stop()
})

if (postgres === undefined)
  test('pg is not tested: there is no PostgreSQL, or no user for it', (t) => t.pass())

withPostgres(
  'pg runs in a sandboxed plugin: SCRAM, prepared statements, notices, errors, transactions',
  async (t) => {
    const answer = await probes.run(t, {
      packs: true,
      head,
      powers,
      props: { login },
      body: `
      const db = new Client(props.login)
      const notices = []
      db.on('notice', ({ message }) => notices.push(message))
      await db.connect()
      await db.query('CREATE TABLE t (id INT PRIMARY KEY, name TEXT, at TIMESTAMPTZ, data BYTEA, big BIGINT, js JSONB)')
      await db.query('DROP TABLE IF EXISTS nothing')
      const text = "O'Neill \\\\ \\"quoted\\" 🎈'; DROP TABLE t; --"
      const insert = { name: 'insert', text: 'INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)' }
      const values = [1, text, new Date(1700000000123), Buffer.from([0, 1, 255]), '9007199254740993', { a: [1] }]
      await db.query({ ...insert, values })
      await db.query({ ...insert, values: [2, ...values.slice(1)] })
      const { rows: [row] } = await db.query('SELECT * FROM t WHERE name = $1 ORDER BY id', [text])
      const double = await db.query({ ...insert, values }).catch((error) => error.code)
      const none = await db.query('SELECT * FROM nothing').catch((error) => error.code)
      await db.query('BEGIN')
      await db.query('DELETE FROM t')
      await db.query('ROLLBACK')
      const { rows: many } = await db.query("SELECT g AS n, repeat('x', 100) AS text FROM generate_series(1, 20000) g")
      const { rows: [{ n }] } = await db.query('SELECT COUNT(*)::int AS n FROM t')
      const { rows: [auth] } = await db.query("SELECT substr(rolpassword, 1, 13) AS how FROM pg_authid WHERE rolname = 'plug'").catch(() => ({ rows: [{ how: 'hidden' }] }))
      await db.end()
      const wrong = await new Client({ ...props.login, password: 'wrong' }).connect().catch((error) => error.code)
      return { name: row.name === text, at: row.at.getTime(), data: [...row.data], isBuffer: Buffer.isBuffer(row.data), big: row.big,
        js: row.js, double, none, n, many: many.length, last: many.at(-1).n, notices, wrong, auth: auth.how }`,
    })
    t.deepEqual(answer, {
      ...{ name: true, at: 1700000000123, data: [0, 1, 255], isBuffer: true },
      ...{ big: '9007199254740993', js: { a: [1] }, double: '23505', none: '42P01' },
      ...{ n: 2, many: 20_000, last: 20_000, wrong: '28P01', auth: 'hidden' },
      notices: ['table "nothing" does not exist, skipping'],
    })
    t.is(await postgres?.passwordKind(), 'SCRAM-SHA-256')
  },
)

withPostgres(
  'pg takes up TLS within its granted connection, with an authority of its own',
  async (t) => {
    if (certificates === undefined) {
      t.pass('there is no openssl')
      return
    }
    const answer = await probes.run(t, {
      packs: true,
      head,
      powers,
      props: { login, ca: certificates.ca },
      body: `
      const connect = async (ssl) => {
        const db = new Client({ ...props.login, ssl })
        await db.connect()
        const { rows: [row] } = await db.query("SELECT ssl, version, repeat('x', 1000000) AS text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        await db.end()
        return { ssl: row.ssl, version: row.version, length: row.text.length }
      }
      const code = (ssl) => connect(ssl).then(() => 'connected', (error) => error.code)
      return { secure: await connect({ ca: props.ca }), unknown: await code({}), unchecked: await code({ rejectUnauthorized: false }) }`,
    })
    const { secure, unknown, unchecked } = answer as Record<string, unknown>
    t.deepEqual(secure, { ssl: true, version: 'TLSv1.3', length: 1_000_000 })
    t.regex(String(unknown), /CERT|VERIFY/)
    t.is(unchecked, 'ERR_PLUGIN_DENIED')
  },
)

withPostgres('a pool of pg gets over a restart of the server', async (t) => {
  const probe = {
    packs: true,
    head,
    powers,
    props: { login },
    body: `
      const pool = new Pool({ ...props.login, max: 4 })
      pool.on('error', () => {})
      await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query('SELECT $1::int AS n', [i])))
      tell('before')
      let lost
      for (;;) {
        const found = await pool.query('SELECT 1 AS one').catch((error) => {
          lost = error.code ?? error.message
        })
        if (found?.rows[0].one === 1 && lost !== undefined) break
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await pool.end()
      return String(lost)`,
  }
  const lost = await lostOverRestart(t, probes, probe, () => postgres?.restart())
  t.regex(lost, /^(57P01|57P03|ECONNREFUSED|ECONNRESET|EPIPE|Connection terminated)/)
})

withPostgres('without the grant pg says what is missing', async (t) => {
  const connect = 'new Client(props.login).connect()'
  await saysWhatIsMissing(t, probes, { packs: true, head, props: { login }, connect, port })
})
