import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import zlib from 'node:zlib'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'

const stream =
  'CREATE STREAM numbers () WITH (DATASOURCE="", TYPE="simulator", FORMAT="json", CONF_KEY="few")'

async function rowsIn(host: HostProcess, count: number): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    const status = (await host.send('GET', '/rules/r/status')) as Record<string, unknown>
    if (Number(status.source_numbers_0_records_in_total) >= count) return
    await sleep(40)
  }
  throw new Error(`the rule has not read ${count} rows in 60 s`)
}

test('a batch that lingers is sent when its rule stops, at qos 0 and 1, into a compressed file', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const host = await HostProcess.start(folder)
  const data = [{ n: 1 }, { n: 2 }, { n: 3 }]
  const few = { data, interval: 20, loop: true }
  await host.send('PUT', '/metadata/sources/simulator/confKeys/few', few)
  await host.send('POST', '/streams', { sql: stream })
  for (const qos of [0, 1]) {
    const path = join(folder, `out-${qos}.gz`)
    const props = { path, batchSize: 1_000_000, sendSingle: true, compression: 'gzip' }
    await host.send('POST', '/rules', {
      id: 'r',
      sql: 'SELECT n FROM numbers',
      actions: [{ file: props }],
      options: { qos },
    })
    await rowsIn(host, 10)
    t.false(existsSync(path) && readFileSync(path).length > 0)
    await host.send('POST', '/rules/r/stop')
    const lines = zlib.gunzipSync(readFileSync(path)).toString().trim().split('\n')
    t.is(lines.length, 1)
    const rows: { n: number }[] = JSON.parse(lines[0] ?? '[]')
    t.true(rows.length >= 10)
    t.deepEqual(
      rows.map(({ n }) => n),
      rows.map((_, i) => (i % 3) + 1),
    )
    await host.send('DELETE', '/rules/r')
  }
  await host.stop()
})

test('what cannot be is refused when the rule is made, with the way out', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const host = await HostProcess.start(folder)
  await host.send('POST', '/streams', { sql: 'CREATE STREAM numbers () WITH (TYPE="simulator")' })
  const refused = async (action: object, message: RegExp) => {
    const rule = { id: 'r', sql: 'SELECT n FROM numbers', actions: [action] }
    const error = await t.throwsAsync(host.send('POST', '/rules', rule))
    t.regex(error?.message ?? '', message)
  }
  await refused({ log: { encryption: 'aes' } }, /needs a key: set basic.aesKey/)
  await refused({ log: { deadLetter: { file: {}, log: {} } } }, /deadLetter must name one sink/)
  await refused({ file: { path: 'x/{{.n}}' } }, /path cannot be a template for each row/)
  await refused({ log: { enableCache: true, cacheFullPolicy: 'drop' } }, /pushBack, dropOldest/)
  await host.stop()
})
