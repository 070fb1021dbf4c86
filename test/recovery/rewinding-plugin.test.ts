import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { zipOf } from '#test/fixtures/zip.ts'

/** Kills its rules' workers when it is told so. */
const entry = fileURLToPath(new URL('../fixtures/killing-host.ts', import.meta.url))
const ROWS = 8000

/** A package whose source counts to `ROWS`, some rows a millisecond; the offset is the next number. */
function countingZip(folder: string, version: string, more = ''): string {
  const path = join(folder, `counting-${version}.zip`)
  const manifest = {
    name: 'acme-counting',
    version,
    plutino: { sources: { counting: 'index.js' } },
  }
  const script = `exports.Counting = class {
    next = 1
    ${more}
    configure() {}
    getOffset() { return { next: this.next } }
    rewind({ next }) { this.next = next }
    async open(ctx, consumer) {
      ctx.ready()
      while (this.next <= ${ROWS} && !ctx.signal.aborted) {
        await consumer({ n: this.next++, version: '${version}' })
        if (this.next % 2 === 0) await new Promise((wake) => setTimeout(wake, 1))
      }
    }
    close() {}
  }`
  writeFileSync(path, zipOf({ 'package.json': JSON.stringify(manifest), 'index.js': script }))
  return pathToFileURL(path).href
}

interface Row {
  readonly n: number
  readonly version: string
  readonly before?: number
}

/** A host that is killed and started, with one rule over the counting source. */
async function start(t: ExecutionContext, options: object, more = '') {
  const folder = makeFolder(t)
  let host = await HostProcess.start(folder, {}, entry)
  t.teardown(() => host.kill())
  const out = join(folder, 'out.jsonl')
  await host.send('POST', '/plugins', { file: countingZip(folder, '1.0.0', more) })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM rows (n BIGINT, version STRING) WITH (DATASOURCE="x", TYPE="counting", FORMAT="json")',
  })
  await host.send('POST', '/rules', {
    id: 'r',
    sql: 'SELECT n, version, lag(n) AS before FROM rows',
    actions: [{ file: { path: out, sendSingle: true } }],
    options,
  })
  const rows = (): Row[] => {
    if (!existsSync(out)) return []
    const lines = readFileSync(out, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line))
  }
  const until = async (count: number) => {
    for (let i = 0; i < 2400 && rows().length < count; i++) await sleep(25)
    t.true(rows().length >= count, `${rows().length} rows of ${count}`)
  }
  return {
    rows,
    until,
    spools: () => spoolsUnder(folder),
    killWorkers: () => host.tell('SIGUSR2'),
    killHost: async () => {
      await host.kill()
      host = await HostProcess.start(folder, {}, entry)
    },
    reset: (next: number) =>
      host.send('PUT', '/rules/r/reset_state', {
        type: 1,
        params: { streamName: 'rows', input: { next } },
      }),
    upgrade: (version: string) =>
      host.send('PUT', '/plugins/acme-counting', { file: countingZip(folder, version, more) }),
    stop: () => host.stop(),
  }
}

function spoolsUnder(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
  return all.filter(({ parentPath }) => /\/spools$/.test(parentPath)).map(({ name }) => name)
}

/** Each row once and in order, in the file and in the rule's state. */
function assertWhole(t: ExecutionContext, rows: readonly Row[]): void {
  const at = rows.findIndex(({ n, before }, i) => n !== i + 1 || (before ?? 0) !== i)
  t.is(at, -1, `row ${at + 1} is ${JSON.stringify(rows[at])}`)
  t.is(rows.length, ROWS)
}

for (const qos of [1, 2] as const) {
  test.serial(
    `qos ${qos}: no checkpoint yet, and the worker dies, then the host by kill -9: a plugin’s source begins anew, and each row is there once`,
    async (t) => {
      t.timeout(300_000)
      const rule = await start(t, { qos, checkpointInterval: '300s' })
      await rule.until(300)
      rule.killWorkers()
      await rule.until(900)
      await rule.killHost()
      t.deepEqual(rule.spools(), [])
      await rule.until(ROWS)
      assertWhole(t, rule.rows())
      t.is(await rule.stop(), 0)
    },
  )

  test.serial(
    `qos ${qos}: worker and host killed between checkpoints, and an upgrade: a plugin’s source goes back, and each row is there once`,
    async (t) => {
      t.timeout(300_000)
      const rule = await start(t, { qos, checkpointInterval: '150ms' })
      await rule.until(300)
      await rule.killHost()
      await rule.until(600)
      rule.killWorkers()
      await rule.until(900)
      t.regex(String(await rule.upgrade('2.0.0')), /Rules moved to it: r\./)
      await rule.until(3000)
      await rule.killHost()
      t.deepEqual(rule.spools(), [])
      await rule.until(ROWS)
      assertWhole(t, rule.rows())
      t.deepEqual([...new Set(rule.rows().map(({ version }) => version))], ['1.0.0', '2.0.0'])
      t.is(await rule.stop(), 0)
    },
  )
}

test.serial(
  'a source that says that it is not repeatable has a spool, and each row is there once',
  async (t) => {
    t.timeout(300_000)
    const rule = await start(t, { qos: 2, checkpointInterval: '150ms' }, 'isRepeatable = false')
    await rule.until(500)
    t.is(rule.spools().length, 1)
    await rule.killHost()
    await rule.until(ROWS)
    assertWhole(t, rule.rows())
    t.is(await rule.stop(), 0)
  },
)

for (const qos of [1, 2] as const) {
  for (const more of ['', 'isRepeatable = false;']) {
    test.serial(
      `qos ${qos}${more === '' ? '' : ', with a spool'}: an operator resets the source, and the host is killed by kill -9 right after the answer: it goes on from there, each row once`,
      async (t) => {
        t.timeout(300_000)
        const resets = `${more} resetOffset({ next }) { this.next = next }`
        const rule = await start(t, { qos, checkpointInterval: '300s' }, resets)
        await rule.until(300)
        for (const next of [6000, 20]) {
          t.is(await rule.reset(next), 'success')
          const { length } = rule.rows()
          await rule.killHost()
          await rule.until(length + 300)
        }
        await rule.killHost()
        const at = () => rule.rows().length
        await rule.until(at() + 300)
        const rows = rule.rows()
        const begins = rows.filter(({ n }, i) => n !== (rows[i - 1]?.n ?? -1) + 1)
        t.deepEqual(
          begins.map(({ n }) => n),
          [1, 6000, 20],
        )
        // in its state, too
        t.true(rows.every(({ before }, i) => (before ?? 0) === (rows[i - 1]?.n ?? 0)))
        t.is(await rule.stop(), 0)
      },
    )
  }
}
