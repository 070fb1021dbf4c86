import test from 'ava'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { makeCertificates } from '#test/fixtures/certificates.ts'
import { startMaria } from '#test/fixtures/databases.ts'
import { lostOverRestart, saysWhatIsMissing } from './drivers.ts'

const certificates = await makeCertificates()
const maria = await startMaria({ tls: certificates })
const probes = new ProbeCell()
const withMaria = maria === undefined ? test.serial.skip : test.serial
const port = maria?.port ?? 0
const powers = { network: [`tcp://localhost:${port}`] }
const login = { host: 'localhost', port, user: 'plug', password: 'plug', database: 'plug' }
const head = `const mysql = require('mysql2/promise')`

test.after.always(async () => {
  await probes.close()
  await maria?.stop()
})

if (maria === undefined) test('mysql2 is not tested: there is no mariadbd', (t) => t.pass())

withMaria(
  'mysql2 runs in a sandboxed plugin: queries, prepared statements, errors, batches',
  async (t) => {
    const answer = await probes.run(t, {
      packs: true,
      head,
      powers,
      props: { login },
      body: `
      const db = await mysql.createConnection(props.login)
      await db.query('CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(100), at DATETIME(3), data BLOB, big BIGINT)')
      const text = "O'Neill \\\\ \\"quoted\\" 🎈'; DROP TABLE t; --"
      await db.execute('INSERT INTO t VALUES (?, ?, ?, ?, ?)', [1, text, new Date(1700000000123), Buffer.from([0, 1, 255]), '9007199254740993'])
      const [rows] = await db.query('SELECT name, data, CAST(big AS CHAR) AS big FROM t WHERE id = ?', [1])
      const code = await db.query('SELECT * FROM nothing').catch((error) => error.code)
      const double = await db.execute('INSERT INTO t VALUES (1, NULL, NULL, NULL, NULL)').catch((error) => error.code)
      const values = Array.from({ length: 5000 }, (_, i) => [i + 2, 'name ' + i, null, null, i])
      const [batch] = await db.query('INSERT INTO t VALUES ?', [values])
      const [[sum]] = await db.query('SELECT COUNT(*) AS n, SUM(id) AS sum FROM t')
      const [all] = await db.query('SELECT * FROM t ORDER BY id')
      await db.end()
      return { name: rows[0].name === text, data: [...rows[0].data], isBuffer: Buffer.isBuffer(rows[0].data), big: rows[0].big,
        code, double, affected: batch.affectedRows, n: sum.n, sum: Number(sum.sum), last: all.at(-1).name }`,
    })
    t.deepEqual(answer, {
      ...{ name: true, data: [0, 1, 255], isBuffer: true, big: '9007199254740993' },
      ...{ code: 'ER_NO_SUCH_TABLE', double: 'ER_DUP_ENTRY', affected: 5000 },
      ...{ n: 5001, sum: (5001 * 5002) / 2, last: 'name 4999' },
    })
  },
)

withMaria(
  'mysql2 takes up TLS within its granted connection, with an authority of its own',
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
      const db = await mysql.createConnection({ ...props.login, ssl: { ca: props.ca } })
      const [[cipher]] = await db.query("SHOW STATUS LIKE 'Ssl_cipher'")
      const [rows] = await db.query('SELECT REPEAT("x", 1000000) AS text')
      await db.end()
      const connect = (ssl) => mysql.createConnection({ ...props.login, ssl }).then(() => 'connected', (error) => error.code)
      return { hasCipher: cipher.Value.length > 5, length: rows[0].text.length,
        unknown: await connect({}), unchecked: await connect({ rejectUnauthorized: false }) }`,
    })
    const { hasCipher, length, unknown, unchecked } = answer as Record<string, unknown>
    t.deepEqual({ hasCipher, length }, { hasCipher: true, length: 1_000_000 })
    t.regex(String(unknown), /CERT|VERIFY|HANDSHAKE/)
    t.not(unchecked, 'connected')
  },
)

withMaria('a pool of mysql2 gets over a restart of the server', async (t) => {
  const probe = {
    packs: true,
    head,
    powers,
    props: { login },
    body: `
      const pool = mysql.createPool({ ...props.login, connectionLimit: 4 })
      await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query('SELECT ? AS n', [i])))
      tell('before')
      let lost
      for (;;) {
        const [[row]] = await pool.query('SELECT 1 AS one').catch((error) => {
          lost = error.code
          return [[undefined]]
        })
        if (row !== undefined && lost !== undefined) break
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await pool.end()
      return lost`,
  }
  const lost = await lostOverRestart(t, probes, probe, () => maria?.restart())
  t.regex(
    lost,
    /^(PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED|ECONNREFUSED|ECONNRESET|EPIPE)$/,
  )
})

withMaria('without the grant mysql2 says what is missing', async (t) => {
  const connect = 'mysql.createConnection(props.login)'
  await saysWhatIsMissing(t, probes, { packs: true, head, props: { login }, connect, port })
})
