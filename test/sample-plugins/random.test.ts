import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

function rowsIn(path: string): Record<string, unknown>[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}

const copyTo = (path: string) => [{ file: { path, sendSingle: true } }]

test('the source and its yaml are installed; CONF_KEY takes the section over the default', async (t) => {
  const host = await SampleHost.start(t)
  await host.install('random', 'sources/random')
  const yaml = readFileSync(join(host.folder, 'etc/sources/random.yaml'), 'utf8')
  t.regex(yaml, /^default:$/m)
  t.regex(yaml, /^ext:$/m)
  for (const [name, key] of [
    ['slow', 'default'],
    ['fast', 'ext'],
  ]) {
    const sql = `CREATE STREAM ${name} (count BIGINT) WITH (DATASOURCE="${key}", FORMAT="json", TYPE="random", CONF_KEY="${key}")`
    await host.send('POST', '/streams', { sql })
    await host.send('POST', '/rules', {
      id: name,
      sql: `SELECT count FROM ${name}`,
      actions: copyTo(join(host.folder, `${name}.jsonl`)),
    })
  }
  const [slow, fast] = [join(host.folder, 'slow.jsonl'), join(host.folder, 'fast.jsonl')]
  await until('rows of both', () => rowsIn(fast).length >= 20 && rowsIn(slow).length >= 1)
  // every 100 ms against every 1000 ms
  t.true(rowsIn(fast).length > rowsIn(slow).length)
  t.deepEqual(rowsIn(fast)[0], { count: 50 })
  const wrong = host.send('POST', '/streams', {
    sql: 'CREATE STREAM wrong () WITH (DATASOURCE="x", FORMAT="json", TYPE="random", CONF_KEY="exd")',
  })
  const rule = { id: 'wrong', sql: 'SELECT * FROM wrong', actions: [{ nop: {} }] }
  await t.throwsAsync(
    wrong.then(() => host.send('POST', '/rules', rule)),
    { message: /did you mean \\?"ext\\?"/ },
  )
})

test('with deduplicate no row comes twice, also not after kill -9 of the host', async (t) => {
  t.timeout(300_000)
  const host = await SampleHost.start(t, {
    'etc/sources/random.yaml':
      'default:\n  interval: 5\n  seed: 1000000\n  deduplicate: -1\n  pattern:\n    count: 0\n',
  })
  await host.install('random', 'sources/random')
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM demo (count BIGINT) WITH (DATASOURCE="d", FORMAT="json", TYPE="random")',
  })
  const path = join(host.folder, 'out.jsonl')
  await host.send('POST', '/rules', {
    id: 'r',
    sql: 'SELECT count FROM demo',
    actions: copyTo(path),
    options: { qos: 2, checkpointInterval: '50ms' },
  })
  await until('100 rows', () => rowsIn(path).length >= 100)
  await host.killAndStart()
  const before = rowsIn(path).length
  await until('100 rows more', () => rowsIn(path).length >= before + 100)
  const counts = rowsIn(path).map(({ count }) => count)
  t.is(new Set(counts).size, counts.length)
})

test('at qos 2 rewindableRandom goes on exactly where it was after kill -9 of the host', async (t) => {
  t.timeout(300_000)
  const options = 'default:\n  interval: 2\n  seed: 1000000000\n  pattern:\n    count: 0\n'
  const host = await SampleHost.start(t, { 'etc/sources/rewindableRandom.yaml': options })
  await host.install('random', 'sources/rewindableRandom')
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM demo (count BIGINT) WITH (DATASOURCE="d", FORMAT="json", TYPE="rewindableRandom")',
  })
  const [once, again] = [join(host.folder, 'once.jsonl'), join(host.folder, 'again.jsonl')]
  await host.send('POST', '/rules', {
    id: 'killed',
    sql: 'SELECT count FROM demo',
    actions: copyTo(again),
    options: { qos: 2, checkpointInterval: '100ms' },
  })
  for (const at of [100, 300]) {
    await until(`row ${at}`, () => rowsIn(again).length >= at)
    await host.killAndStart()
  }
  await until('row 500', () => rowsIn(again).length >= 500)
  await host.send('DELETE', '/rules/killed')
  await host.send('POST', '/rules', {
    id: 'whole',
    sql: 'SELECT count FROM demo',
    actions: copyTo(once),
  })
  await until('500 rows without a break', () => rowsIn(once).length >= 500)
  t.deepEqual(rowsIn(again).slice(0, 500), rowsIn(once).slice(0, 500))
})
