import test from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'

const statements = [
  'SELECT a FROM s',
  'SELECT a FROM s WHERE b > 1',
  'SELECT b, count(*) AS n FROM s GROUP BY b, TUMBLINGWINDOW(ss, 1) HAVING n > 1 ORDER BY n LIMIT 3',
  'SELECT s.a FROM s INNER JOIN u ON s.a = u.a WHERE s.b > 1 AND u.b > 2 GROUP BY TUMBLINGWINDOW(ss, 1)',
  'SELECT lag(a) AS before, unnest(a) FROM s',
]

test('the topology names the operators that the status has, all of them, and the two steps of each action', async (t) => {
  const base = makeFolder(t, { 'etc/plutino.yaml': '' })
  const overrides = { port: 0, consoleLog: false }
  const server = await startServer({ base, environment: {}, overrides })
  t.teardown(() => server.close())
  const request = async (method: string, path: string, body?: unknown) => {
    const answer = await send(server.url + path, method, body)
    t.true(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`)
    return answer.body as Record<string, unknown>
  }
  for (const name of ['s', 'u']) {
    const sql = `CREATE STREAM ${name} (a bigint, b bigint) WITH (DATASOURCE="${name}", TYPE="memory")`
    await request('POST', '/streams', { sql })
  }
  for (const [i, sql] of statements.entries()) {
    const rule = { id: `r${i}`, sql, actions: [{ nop: {} }, { log: {} }] }
    await request('POST', '/rules', rule)
    const status = await request('GET', `/rules/r${i}/status`)
    t.is(status.status, 'running', String(status.message))
    const inStatus = Object.keys(status).flatMap((key) => {
      return /^((?:op|source|sink)_.*)_0_records_in_total$/.exec(key)?.[1] ?? []
    })
    const { sources, edges } = (await request('GET', `/rules/r${i}/topo`)) as {
      sources: string[]
      edges: Record<string, string[]>
    }
    const inTopo = new Set([
      ...sources,
      ...Object.entries(edges).flatMap(([from, to]) => [from, ...to]),
    ])
    const steps = ['nop_0', 'log_1'].flatMap((name) => [
      `op_${name}_0_transform`,
      `op_${name}_1_encode`,
    ])
    t.deepEqual([...inTopo].sort(), [...inStatus, ...steps].sort(), sql)
    await request('DELETE', `/rules/r${i}`)
  }
})
