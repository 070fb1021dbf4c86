import { rmSync } from 'node:fs'
import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import mqtt from 'mqtt'
import { LocalCell } from '#host/cell/local-cell.ts'
import { defaultParts } from '#host/parts.ts'
import { startServer } from '#host/server.ts'
import { INTERRUPTED, Interruption } from './interruption.ts'
import { Requests } from './requests.ts'
import { demoRules, streamSql } from './rules.ts'
import { paint, rowText, Screen } from './screen.ts'
import { Sensors, startBroker } from './sensors.ts'
import { serveSample } from './zip-server.ts'

const RUN_MS = 10_000
/** The last window closes although no reading comes: after two seconds, or later on a machine that is busy. */
const LAST_WINDOW_MS = 20_000
const BACK_MS = 30_000
const PER_SECOND = 50
const root = fileURLToPath(new URL('../..', import.meta.url))
const COLOURS = { warm: 'red', averages: 'cyan' } as const

const isKept = process.argv.includes('--keep')
const screen = new Screen()
const interruption = new Interruption()
try {
  await demo()
} catch (error) {
  if (!interruption.signal.aborted) throw error
  screen.event('interrupted; nothing is left of it')
  process.exitCode = INTERRUPTED
}

async function demo(): Promise<void> {
  await using everything = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'plutino-demo-'))
  // also when a second Ctrl-C ends it at once
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await cp(join(root, 'etc'), join(folder, 'etc'), { recursive: true })

  screen.step('Starting a broker, a web server with a plugin, and Plutino')
  const broker = await startBroker()
  everything.defer(() => broker.close())
  const zip = await serveSample(folder)
  everything.defer(() => zip.close())

  let cell: LocalCell | undefined
  const server = await startServer({
    base: folder,
    overrides: { port: 0, ip: '127.0.0.1', consoleLog: false },
    parts: {
      createCell: (environment, connectors, folders) => {
        const log: typeof environment.log = (line) => {
          environment.log(line)
          if (line.plugin !== undefined && line.level === 'info')
            screen.row(line.rule, 'magenta', line.text)
        }
        cell = new LocalCell({
          environment: { ...environment, log },
          connectors,
          cacheFolder: join(folders.data, 'cache'),
          dataFolder: folders.data,
        })
        return cell
      },
      createPlugins: defaultParts.createPlugins,
    },
  })
  everything.defer(() => server.close())
  const rest = new Requests(server.url, interruption)
  screen.call(
    `broker ${broker.url}   REST ${server.url}   its page ${server.url}/docs   data ${folder}`,
  )

  screen.step('Installing a plugin from a URL, while everything runs')
  screen.call(`POST /plugins/functions {"name":"feelsLike","file":"${zip.url}"}`)
  screen.line(
    `  ${await rest.send('POST', '/plugins/functions', { name: 'feelsLike', file: zip.url })}`,
  )

  screen.step('A stream and three rules')
  await rest.send('PUT', '/metadata/sources/mqtt/confKeys/demo', { server: broker.url, qos: 1 })
  screen.line(`  ${await rest.send('POST', '/streams', { sql: streamSql })}`)
  const rules = demoRules(broker.url)
  for (const rule of rules) {
    screen.call(rule.sql.replaceAll(/\s+/g, ' '))
    screen.line(`  ${await rest.send('POST', '/rules', rule)}`)
  }

  const reader = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
  everything.defer(() => reader.endAsync())
  const averaged = new Map<string, number>()
  reader.on('message', (topic, payload) => {
    const rule = topic.split('/').at(-1) === 'warm' ? 'warm' : 'averages'
    const row = JSON.parse(payload.toString()) as Record<string, unknown>
    if (rule === 'averages') {
      const device = String(row.device)
      // A window that was sent before the kill is sent again after it: the same rows, so the same first one.
      averaged.set(`${device} ${row.first}`, Number(row.readings))
    }
    if (rule === 'averages' || Number(row.n) % 25 === 4)
      screen.row(rule, COLOURS[rule], rowText(row))
  })
  await reader.subscribeAsync('plutino/out/+')

  screen.step(`Rows, as they come (${PER_SECOND} readings a second; of "warm" a few are shown)`)
  const sensors = await Sensors.start(broker.url, PER_SECOND)
  everything.defer(() => sensors.stop())
  await interruption.sleep(RUN_MS / 2)

  screen.event('killing the worker of rule "averages" …')
  const before = sensors.sent
  await cell?.endWorker({ tenant: 'default', rule: 'averages' }, 'killed by the demo')
  await restarted(rest)
  screen.event(
    `… it is back from its last checkpoint; ${sensors.sent - before} readings came meanwhile and wait for it`,
  )
  await interruption.sleep(RUN_MS / 2)

  if (isKept) {
    screen.step('Running until Ctrl-C (--keep)')
    await interruption.wanted()
  }
  await sensors.stop()
  const counted = () => [...averaged.values()].reduce((sum, n) => sum + n, 0)
  await interruption.until(async () => counted() >= sensors.sent, LAST_WINDOW_MS)
  screen.step('What it came to')
  const table = new Table({
    head: ['rule', 'rows in', 'rows out', 'errors', 'memory MB', 'restarts'].map((text) =>
      paint('bold', text),
    ),
    style: { head: [], border: process.stdout.isTTY ? ['dim'] : [] },
  })
  for (const { id } of rules) table.push([id, ...(await figures(rest, id))])
  screen.line(table.toString())
  const gone = sensors.sent - counted()
  screen.line(
    `${sensors.sent} readings were published, and the windows of "averages" hold ${counted()} of them:`,
  )
  screen.line(
    gone === 0
      ? 'what was read after the checkpoint was in the spool, and the kill cost nothing.'
      : `${gone} are missing.`,
  )
  screen.step('Try next')
  screen.line(
    '  npm start                                  the server, with its page on http://127.0.0.1:9081/docs',
  )
  screen.line('  npm run demo -- --keep                     this, until Ctrl-C')
  screen.line('  npm run plutino -- plugin pack sample-plugins/weather-station')
}

/** Resolves when the rule's successor has started. */
async function restarted(requests: Requests): Promise<void> {
  const isBack = await interruption.until(async () => {
    const status = (await requests.send('GET', '/rules/averages/status')) as Record<string, unknown>
    return Number(status.restarts) > 0 && status.status === 'running'
  }, BACK_MS)
  if (!isBack) throw new Error(`rule "averages" did not come back within ${BACK_MS / 1000} s`)
}

async function figures(requests: Requests, id: string): Promise<(string | number)[]> {
  const status = (await requests.send('GET', `/rules/${id}/status`)) as Record<string, unknown>
  const sum = (pattern: RegExp) =>
    Object.entries(status).reduce(
      (all, [key, value]) => (pattern.test(key) ? all + Number(value) : all),
      0,
    )
  return [
    sum(/^source_[a-z]+_0_records_in_total$/),
    sum(/^sink_.*_records_in_total$/),
    sum(/_exceptions_total$/),
    (Number(status.memory_bytes ?? 0) / 1e6).toFixed(1),
    Number(status.restarts ?? 0),
  ]
}
