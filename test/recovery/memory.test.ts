import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'

const ROWS = 9000

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => Number(JSON.parse(line).n))
}

test('rows that go through a memory topic from rule to rule at qos 2 come once, whenever the host is killed', async (t) => {
  t.timeout(200_000)
  const folder = makeFolder(t)
  const out = join(folder, 'out.jsonl')
  const rows = Array.from({ length: ROWS }, (_, i) => `{"n":${i + 1}}\n`)
  writeFileSync(join(folder, 'rows.jsonl'), rows.join(''))
  let host = await HostProcess.start(folder)
  t.teardown(() => host.kill())
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: folder,
    fileType: 'lines',
    sendInterval: 1,
  })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM rows (n BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
  })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM mid (n BIGINT) WITH (DATASOURCE="mid", TYPE="memory", FORMAT="json")',
  })
  const options = { qos: 2, checkpointInterval: '150ms' }
  await host.send('POST', '/rules', {
    id: 'read',
    sql: 'SELECT n FROM mid',
    actions: [{ file: { path: out, sendSingle: true } }],
    options,
  })
  await host.send('POST', '/rules', {
    id: 'an-early-one',
    sql: 'SELECT n FROM rows',
    actions: [{ memory: { topic: 'mid', sendSingle: true } }],
    options,
  })
  for (let kill = 1; kill <= 5; kill++) {
    const wanted = numbersIn(out).length + 700
    for (let i = 0; numbersIn(out).length < wanted && i < 3000; i++) await sleep(10)
    await host.kill()
    host = await HostProcess.start(folder)
  }
  for (let i = 0; numbersIn(out).length < ROWS && i < 3000; i++) await sleep(20)
  const numbers = numbersIn(out)
  const wrong = numbers.findIndex((n, i) => n !== i + 1)
  t.is(wrong, -1, `${numbers.slice(Math.max(0, wrong - 3), wrong + 4)} at ${wrong}`)
  t.is(numbers.length, ROWS)
})
