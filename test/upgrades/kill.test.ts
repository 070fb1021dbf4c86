import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { type InstallFaultPoint, installFaultPoints } from '#test/fixtures/install-fault-points.ts'
import { until } from '#test/fixtures/until.ts'
import { assertWhole, linesOf, markerZip, statusOf } from '#test/fixtures/upgrade-rules.ts'

const entry = fileURLToPath(new URL('../fixtures/install-fault-host.ts', import.meta.url))
const ROWS = 1500

/** From here on the new version is what is installed. */
const recorded = installFaultPoints.indexOf('recorded, old files there')
const isRecorded = (point: InstallFaultPoint) => installFaultPoints.indexOf(point) >= recorded

/** From here on the rule was moved, too. */
const isNoted = (point: InstallFaultPoint) => point === 'noted'

function packagesIn(folder: string): string[] {
  const root = join(folder, 'data', 'packages')
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const folders = entries.filter((each) => each.isDirectory() && each.parentPath !== root)
  return folders.map(({ name }) => name.replace(/-[0-9a-f]{8}$/, '')).sort()
}

for (const point of installFaultPoints) {
  test.serial(
    `kill -9 of the host at "${point}" of an upgrade: one whole version, and the rule goes on with its state`,
    async (t) => {
      t.timeout(300_000)
      const folder = makeFolder(t)
      const out = join(folder, 'r.jsonl')
      const first = await HostProcess.start(folder)
      t.teardown(() => first.kill())
      await first.send('POST', '/plugins', { file: markerZip(folder, '1.0.0') })
      const data = Array.from({ length: ROWS }, (_, i) => ({ n: i + 1 }))
      await first.send('PUT', '/metadata/sources/simulator/confKeys/here', {
        data,
        interval: '1ms',
        loop: false,
      })
      await first.send('POST', '/streams', {
        sql: 'CREATE STREAM rows (n BIGINT) WITH (DATASOURCE="x", TYPE="simulator", FORMAT="json", CONF_KEY="here")',
      })
      await first.send('POST', '/rules', {
        id: 'r',
        sql: 'SELECT n, mark(n) AS m FROM rows',
        actions: [{ file: { path: out, sendSingle: true } }],
        options: { qos: 2, checkpointInterval: '100ms' },
      })
      // a rule that was killed before its first checkpoint begins anew
      await until('a checkpoint', async () => {
        const { checkpoint } = await statusOf(first.send.bind(first), 'r')
        return checkpoint !== null && checkpoint !== undefined
      })
      await first.kill()
      const faulty = await HostProcess.start(folder, { PLUTINO_FAULT: point }, entry)
      t.teardown(() => faulty.kill())
      const file = markerZip(folder, '2.0.0')
      await t.throwsAsync(faulty.send('PUT', '/plugins/acme-marker', { file }))
      t.is(await faulty.exited, null)
      const host = await HostProcess.start(folder)
      t.teardown(() => host.kill())
      const send = host.send.bind(host)
      const { versions } = (await send('GET', '/plugins/functions/mark')) as { versions: string[] }
      const expected = isRecorded(point) ? ['2.0.0', '1.0.0'] : ['1.0.0']
      t.deepEqual(versions, expected)
      t.deepEqual(
        packagesIn(folder),
        expected.map((version) => `acme-marker@${version}`).toReversed(),
      )
      t.deepEqual((await statusOf(send, 'r')).plugins, [
        `function mark of acme-marker@${isNoted(point) ? '2.0.0' : '1.0.0'}`,
      ])
      await until('the last row', () => linesOf(out).length >= ROWS)
      assertWhole(t, out, ROWS)
      t.is(await host.stop(), 0)
    },
  )
}
