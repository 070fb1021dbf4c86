import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { freePort } from '#test/fixtures/ports.ts'
import { SmallDisk } from '#test/fixtures/small-disk.ts'
import { until } from '#test/fixtures/until.ts'

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => Number(JSON.parse(line).n))
}

test('a full disk pauses the source and says so; nothing is lost or corrupted, and it goes on with the space', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const disk = SmallDisk.mount(join(folder, 'data'), 24 << 20)
  if (disk === undefined) {
    t.log('left out: nobody here may mount a small disk')
    t.pass()
    return
  }
  t.teardown(() => disk.unmount())
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
  const push = async (n: number, waitMs: number) => {
    const request = {
      method: 'POST',
      body: `{"n":${n},"text":"${'x'.repeat(20_000)}"}`,
      headers: { 'content-type': 'application/json', 'idempotency-key': `row ${n}` },
      signal: AbortSignal.timeout(waitMs),
    }
    return fetch(`http://127.0.0.1:${port}/in`, request).then(
      ({ status }) => status,
      () => 0,
    )
  }
  const pushAll = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) {
      await until(`200 for row ${n}`, async () => (await push(n, 5000)) === 200)
    }
  }
  const message = async () => {
    const status = (await host.send('GET', '/rules/copy/status')) as { message: string }
    return status.message
  }
  await pushAll(1, 20)
  await disk.fill()
  // the spool's file has no room any more, at the latest with what comes in these seconds
  let refused = 0
  for (let n = 21; n <= 40 && refused === 0; n++) {
    if ((await push(n, 1500)) !== 200) refused = n
  }
  t.true(refused > 0, 'a full disk took all rows')
  await until('the reason in the status', async () =>
    /ENOSPC|disk is full|bytes/.test(await message()),
  )
  t.log(await message())
  t.is((await fetch(`${host.url}/ping`)).status, 200)
  disk.free()
  await pushAll(refused, 60)
  await until('all rows in the output', () => new Set(numbersIn(out)).size === 60)
  await until('nothing left to say', async () => (await message()) === '')
  await host.kill()
  host = await HostProcess.start(folder)
  await pushAll(61, 70)
  await until('the rows after a kill', () => new Set(numbersIn(out)).size === 70)
  const numbers = [...new Set(numbersIn(out))]
  t.deepEqual(
    numbers,
    numbers.map((_, i) => i + 1),
  )
  t.is(await host.stop(), 0)
})
