import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { until } from '#test/fixtures/until.ts'

const ROWS = 30_000

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => Number(JSON.parse(line).n))
}

/** A rule that copies rows, and one whose sink never answers: it cannot end in order. */
async function startRules(t: ExecutionContext, host: HostProcess, folder: string): Promise<void> {
  const silent = net.createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const rows = Array.from({ length: ROWS }, (_, n) => `{"n":${n}}\n`)
  writeFileSync(join(folder, 'rows.jsonl'), rows.join(''))
  const props = { path: folder, fileType: 'lines', bufferLength: 500 }
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', props)
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM rows (n BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
  })
  const { port } = silent.address() as net.AddressInfo
  await host.send('POST', '/rules', {
    id: 'held',
    sql: 'SELECT n FROM rows',
    actions: [{ rest: { url: `http://127.0.0.1:${port}`, sendSingle: true, timeout: 60_000 } }],
    options: { qos: 1 },
  })
  await host.send('POST', '/rules', {
    id: 'copy',
    sql: 'SELECT n FROM rows',
    actions: [{ file: { path: join(folder, 'out.jsonl'), sendSingle: true } }],
    options: { qos: 2, checkpointInterval: '100ms' },
  })
}

async function isWhole(t: ExecutionContext, folder: string): Promise<void> {
  const out = join(folder, 'out.jsonl')
  await until('the last row', () => numbersIn(out).length >= ROWS)
  t.deepEqual(
    numbersIn(out),
    Array.from({ length: ROWS }, (_, n) => n),
  )
}

test.serial(
  'what cannot end in order is left after gracefulShutdownTimeout, the rest goes on where it was',
  async (t) => {
    t.timeout(300_000)
    const folder = makeFolder(t)
    const limit = { PLUTINO__BASIC__GRACEFULSHUTDOWNTIMEOUT: '1500ms' }
    const host = await HostProcess.start(folder, limit)
    await startRules(t, host, folder)
    await until('the first rows', () => numbersIn(join(folder, 'out.jsonl')).length > 100)
    const before = performance.now()
    t.is(await host.stop(), 0)
    t.true(performance.now() - before < 20_000)
    const again = await HostProcess.start(folder)
    t.teardown(() => again.kill())
    await isWhole(t, folder)
  },
)

test.serial('a second SIGTERM ends the host at once, and is no worse than kill -9', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const limit = { PLUTINO__BASIC__GRACEFULSHUTDOWNTIMEOUT: '60s' }
  const host = await HostProcess.start(folder, limit)
  await startRules(t, host, folder)
  await until('the first rows', () => numbersIn(join(folder, 'out.jsonl')).length > 100)
  host.tell('SIGTERM')
  // two within a second are one, and they are timed by when the host hears them
  await host.says(/stopping \(SIGTERM\)/)
  await sleep(1500)
  host.tell('SIGTERM')
  t.is(await host.ended(), 1)
  const again = await HostProcess.start(folder)
  t.teardown(() => again.kill())
  await isWhole(t, folder)
})
