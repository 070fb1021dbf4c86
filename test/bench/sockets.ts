import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'
import { startMaria } from '#test/fixtures/databases.ts'
import { report } from './rig/print.ts'

/*
 * What the way of a plugin's sockets through the host costs: the same text with mysql2 against the same MariaDB, in this
 * thread with Node's own sockets and in a sandboxed plugin, in turn, the median of some rounds. The server writes its log at every commit, as InnoDB does of itself.
 */

const rounds = Number(process.env.ROUNDS ?? 5)
const ROWS = 50_000
const SINGLE = 1000

const work = `
  const db = await mysql.createConnection(login)
  await db.query('DROP TABLE IF EXISTS bench')
  await db.query('CREATE TABLE bench (id INT PRIMARY KEY, name VARCHAR(40), value DOUBLE)')
  const rows = Array.from({ length: ${ROWS} }, (_, i) => [i, 'device number ' + i, i / 3])
  const perSecond = async (count, run) => {
    const start = performance.now()
    await run()
    return (count / (performance.now() - start)) * 1000
  }
  const batch = await perSecond(${ROWS}, async () => {
    for (let at = 0; at < ${ROWS}; at += 1000) await db.query('INSERT INTO bench VALUES ?', [rows.slice(at, at + 1000)])
  })
  const read = await perSecond(${ROWS}, () => db.query('SELECT * FROM bench'))
  await db.query('DELETE FROM bench')
  const prepared = await perSecond(${SINGLE}, async () => {
    for (let n = 0; n < ${SINGLE}; n++) await db.execute('INSERT INTO bench VALUES (?, ?, ?)', rows[n])
  })
  await db.end()
  return { batch, prepared, read }`

type Speeds = Readonly<Record<'batch' | 'prepared' | 'read', number>>

const maria = await startMaria({ flushes: true })
if (maria === undefined) console.log('there is no mariadbd')
else {
  const { port } = maria
  const login = { host: '127.0.0.1', port, user: 'plug', password: 'plug', database: 'plug' }
  const mysql: unknown = createRequire(import.meta.url)('mysql2/promise')
  const plain = new Function('mysql', 'login', `return (async () => {${work}})()`) as (
    mysql: unknown,
    options: object,
  ) => Promise<Speeds>
  const probes = new ProbeCell()
  const all: { plain: Speeds[]; confined: Speeds[] } = { plain: [], confined: [] }
  const runs = {
    plain: async () => {
      all.plain.push(await plain(mysql, login))
    },
    confined: async () => {
      const rule = await probes.start({
        packs: true,
        head: `const mysql = require('mysql2/promise')`,
        powers: { network: [`tcp://127.0.0.1:${port}`] },
        props: { login },
        body: `const { login } = props; ${work}`,
      })
      const [speeds] = await eventually(
        () => probes.answers(rule),
        (answers) => answers.length > 0,
      )
      all.confined.push(speeds as Speeds)
      await probes.stop(rule.name)
    },
  }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [runs.plain, runs.confined] : [runs.confined, runs.plain]
    for (const run of order) {
      // A rule that has ended leaves a spare to be booted, which would take the time of who comes next.
      await sleep(1500)
      await run()
    }
  }
  await probes.close()
  await maria.stop()
  for (const [name, bound] of [
    ['batch', ''],
    ['prepared', ' (≥ 0.65)'],
    ['read', ''],
  ] as const) {
    const own = medianOf(all.plain.map((speeds) => speeds[name]))
    const found = medianOf(all.confined.map((speeds) => speeds[name]))
    report(
      `mysql2, ${name}`,
      `${(found / own).toFixed(2)} of plain Node${bound}`,
      `${Math.round(found)} by ${Math.round(own)} rows/s`,
    )
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}
