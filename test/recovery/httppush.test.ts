import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { freePort } from '#test/fixtures/ports.ts'

const BATCHES = 400
const PER_BATCH = 10

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => Number(JSON.parse(line).n))
}

test('what HTTP push has answered with 200 is never lost, and is doubled only with the request that was under way', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const out = join(folder, 'out.jsonl')
  const port = await freePort()
  let host = await HostProcess.start(folder)
  t.teardown(() => host.kill())
  await host.send('PUT', '/metadata/sources/httppush/confKeys/here', { httpServerPort: port })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM pushed (n BIGINT) WITH (DATASOURCE="/in", TYPE="httppush", FORMAT="json", CONF_KEY="here")',
  })
  await host.send('POST', '/rules', {
    id: 'copy',
    sql: 'SELECT n FROM pushed',
    actions: [{ file: { path: out, sendSingle: true } }],
    options: { qos: 1, checkpointInterval: '200ms' },
  })
  let kills = 0
  const killing = (async () => {
    for (const wanted of [500, 1500, 2500]) {
      while (numbersIn(out).length < wanted) await sleep(5)
      await host.kill()
      host = await HostProcess.start(folder)
      kills++
    }
  })()
  for (let batch = 0; batch < BATCHES; batch++) {
    const rows = Array.from({ length: PER_BATCH }, (_, i) => `{"n":${batch * PER_BATCH + i + 1}}`)
    for (;;) {
      const status = await fetch(`http://127.0.0.1:${port}/in`, {
        method: 'POST',
        body: rows.join('\n'),
        headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': `batch ${batch}` },
      }).then(
        (response) => response.status,
        () => 0,
      )
      if (status === 200) break
      await sleep(20)
    }
  }
  await killing
  const total = BATCHES * PER_BATCH
  for (let i = 0; i < 3000 && new Set(numbersIn(out)).size < total; i++) await sleep(20)
  const numbers = numbersIn(out)
  t.deepEqual(
    [...new Set(numbers)].filter((n, i) => n !== i + 1),
    [],
  )
  t.is(new Set(numbers).size, total)
  t.true(numbers.length - total <= kills * PER_BATCH, `${numbers.length - total} came twice`)
})
