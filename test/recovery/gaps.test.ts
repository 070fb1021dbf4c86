import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import mqtt from 'mqtt'
import { startMosquitto } from '#test/fixtures/broker.ts'
import { type FaultPoint, faultPoints } from '#test/fixtures/fault-points.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { freePort } from '#test/fixtures/ports.ts'

const entry = fileURLToPath(new URL('../fixtures/fault-host.ts', import.meta.url))
const PER_WINDOW = 200
const PER_BURST = 40
const FILE_ROWS = 8000
/** A window holds these: so its state is large enough for a file. */
const pad = 'x'.repeat(2000)

/** Where the rows of one test come from. */
interface Origin {
  /** `WITH (…)` of the stream but its FORMAT. */
  readonly stream: string
  readonly confKey: readonly [path: string, props: Readonly<Record<string, unknown>>]
  readonly qos: 1 | 2
  /** What comes may come twice. */
  readonly mayDouble?: boolean
  /** Points that a host never comes to with it. */
  readonly without: readonly FaultPoint[]
  /** Resolves when the source takes what is sent. */
  readonly ready?: (host: HostProcess) => Promise<void>
  /** Resolves when the rows are handed over, however long that takes. `undefined`: `total` of them are there. */
  readonly send?: (rows: readonly string[]) => Promise<void>
  readonly total?: number
}

const spoolPoints: readonly FaultPoint[] = [
  'appended, not synced',
  'synced, not acknowledged',
  'acknowledged',
  'spool told, place not saved',
  'place written, not renamed',
  'cutting',
  'cut',
]

async function startRule(host: HostProcess, origin: Origin, out: string): Promise<void> {
  const [path, props] = origin.confKey
  await host.send('PUT', path, { spoolLimit: 1_600_000, ...props })
  const sql = `CREATE STREAM rows (n BIGINT, pad STRING) WITH (${origin.stream}, FORMAT="json", CONF_KEY="here")`
  await host.send('POST', '/streams', { sql })
  const select = origin.mayDouble
    ? 'SELECT n FROM rows'
    : `SELECT count(*) AS c, sum(n) AS s, min(n) AS low, cardinality(collect(pad)) AS kept FROM rows GROUP BY COUNTWINDOW(${PER_WINDOW})`
  await host.send('POST', '/rules', {
    id: 'kept',
    sql: select,
    actions: [{ file: { path: out, sendSingle: true } }],
    options: { qos: origin.qos, checkpointInterval: '60ms' },
  })
}

function linesIn(out: string): string[] {
  return existsSync(out) ? readFileSync(out, 'utf8').split('\n').slice(0, -1) : []
}

/** What the windows of rows 1 to `total` say. */
function windowsOf(total: number): string[] {
  return Array.from({ length: Math.floor(total / PER_WINDOW) }, (_, window) => {
    const low = window * PER_WINDOW + 1
    const s = (PER_WINDOW * (2 * low + PER_WINDOW - 1)) / 2
    return JSON.stringify({ c: PER_WINDOW, s, low, kept: PER_WINDOW })
  })
}

async function killInEveryGap(t: ExecutionContext, folder: string, origin: Origin) {
  const out = join(folder, 'out.jsonl')
  const first = await HostProcess.start(folder)
  let host = first
  t.teardown(() => host.kill())
  await startRule(host, origin, out)
  await origin.ready?.(host)
  let sent = origin.total ?? 0
  let isOver = false
  const { send } = origin
  const sending = (async () => {
    while (send !== undefined && (!isOver || sent % PER_WINDOW > 0)) {
      const rows = Array.from({ length: PER_BURST }, () => JSON.stringify({ n: ++sent, pad }))
      await send(rows)
      await sleep(30)
    }
  })()
  await sleep(300)
  await host.kill()
  const died: string[] = []
  const isPart = (point: FaultPoint) => !origin.without.includes(point)
  for (const [index, point] of faultPoints.filter(isPart).entries()) {
    const nth = 2 + (index % 3)
    // what was left to cut is cut at the start: the point may come before it is ready
    const started = await HostProcess.start(
      folder,
      { PLUTINO_FAULT: `${point}:${nth}` },
      entry,
    ).catch((error: Error) => error)
    if (started instanceof Error) {
      t.regex(started.message, /^the host ended at once/)
      died.push(point)
      continue
    }
    host = started
    const code = await Promise.race([host.exited, sleep(120_000, 'lives')])
    if (code === 'lives') t.fail(`the host never came to "${point}" for the ${nth}th time`)
    else died.push(point)
    await host.kill()
  }
  isOver = true
  host = await HostProcess.start(folder)
  await sending
  await check(t, out, sent, origin)
  t.deepEqual(died, faultPoints.filter(isPart))
  t.log(`${sent} rows, killed in ${died.length} gaps`)
  await host.send('DELETE', '/rules/kept')
  const spools = join(folder, 'data', 'spools')
  t.deepEqual(existsSync(spools) ? readdirSync(spools) : [], [])
}

async function check(t: ExecutionContext, out: string, sent: number, { mayDouble }: Origin) {
  const numbers = () => linesIn(out).map((line) => Number(JSON.parse(line).n))
  const expected = mayDouble ? sent : sent / PER_WINDOW
  const seen = () => (mayDouble ? new Set(numbers()).size : linesIn(out).length)
  for (let i = 0; seen() < expected && i < 6000; i++) await sleep(20)
  if (mayDouble) {
    const distinct = [...new Set(numbers())]
    t.is(distinct.length, sent)
    t.deepEqual(
      distinct.filter((n, i) => n !== i + 1),
      [],
    )
  } else t.deepEqual(linesIn(out), windowsOf(sent))
}

test.serial(
  'rows of a file: killed in every gap, the host goes on with each row once',
  async (t) => {
    t.timeout(900_000)
    const folder = makeFolder(t)
    const path = join(folder, 'in.jsonl')
    const rows = Array.from({ length: FILE_ROWS }, (_, i) => JSON.stringify({ n: i + 1, pad }))
    await writeFile(path, `${rows.join('\n')}\n`)
    await killInEveryGap(t, folder, {
      stream: 'DATASOURCE="in.jsonl", TYPE="file"',
      confKey: [
        '/metadata/sources/file/confKeys/here',
        { path: folder, fileType: 'lines', sendInterval: 1 },
      ],
      qos: 2,
      without: spoolPoints,
      total: FILE_ROWS,
    })
  },
)

test.serial(
  'rows pushed by HTTP with a key: killed in every gap, the host goes on with each row once',
  async (t) => {
    t.timeout(900_000)
    const port = await freePort()
    let batch = 0
    await killInEveryGap(t, makeFolder(t), {
      stream: 'DATASOURCE="/in", TYPE="httppush"',
      confKey: ['/metadata/sources/httppush/confKeys/here', { httpServerPort: port }],
      qos: 2,
      without: [],
      async send(rows) {
        const headers = {
          'content-type': 'application/x-ndjson',
          'idempotency-key': `batch ${++batch}`,
        }
        for (;;) {
          const request = { method: 'POST', body: rows.join('\n'), headers }
          const status = await fetch(`http://127.0.0.1:${port}/in`, request).then(
            (response) => response.status,
            () => 0,
          )
          if (status === 200) return
          await sleep(20)
        }
      },
    })
  },
)

for (const qos of [1, 2] as const) {
  const promise = qos === 1 ? 'with nothing lost' : 'with each row once'
  test.serial(
    `rows of mosquitto at qos ${qos}: killed in every gap, the host goes on ${promise}`,
    async (t) => {
      t.timeout(900_000)
      const broker = await startMosquitto()
      if (broker === undefined) {
        t.log('left out: mosquitto is not installed here')
        t.pass()
        return
      }
      t.teardown(() => broker.close())
      const client = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
      t.teardown(() => client.endAsync())
      await killInEveryGap(t, makeFolder(t), {
        stream: 'DATASOURCE="rows", TYPE="mqtt"',
        confKey: ['/metadata/sources/mqtt/confKeys/here', { server: broker.url, qos }],
        qos,
        mayDouble: qos === 1,
        // without windows the state is small, and stands in the catalog
        without:
          qos === 1 ? ['state written, not renamed', 'state renamed, not in the catalog'] : [],
        async send(rows) {
          // mosquitto drops what comes at qos 2 beyond its window of 20
          for (let at = 0; at < rows.length; at += 10) {
            const part = rows.slice(at, at + 10)
            await Promise.all(part.map((row) => client.publishAsync('rows', row, { qos: 2 })))
          }
        },
      })
    },
  )
}
