import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { zipOf } from '#test/fixtures/zip.ts'
import type { HostKeeper } from './host-keeper.ts'
import type { Plan, RulePlan } from './plan.ts'
import { type InputRow, KEYS } from './rows.ts'
import { nameOf, shapes, tallyCode } from './shapes.ts'

/** Where a round takes place. */
export interface Place {
  readonly folder: string
  readonly host: HostKeeper
  /** Of the source, where it has one. */
  readonly pushPort: number
  readonly brokerUrl: string
  readonly urlOf: (output: string) => string
}

const COLUMNS = 'n BIGINT, k STRING, v BIGINT, ts BIGINT, x STRING, till BIGINT'

export function outputOf(rule: string, action: number): string {
  return `${rule}-${action}`
}

export function fileOf(folder: string, rule: string, action: number): string {
  return join(folder, `out-${outputOf(rule, action)}.jsonl`)
}

/** Streams, tables and plugins of a plan. */
export async function define(place: Place, plan: Plan, rows: readonly InputRow[]): Promise<void> {
  const { host, folder } = place
  const install = async (kind: string, name: string, code: string) => {
    const path = join(folder, `${name}.zip`)
    writeFileSync(path, zipOf({ [`${name}.js`]: code }))
    await host.send('POST', `/plugins/${kind}`, { name, file: `file://${path}` })
  }
  const uses = plan.rules.map(({ shape }) => shapes[shape])
  if (uses.some((shape) => shape?.usesPlugin)) await install('functions', 'tally', tallyCode)
  if (uses.some((shape) => shape?.usesTable)) await defineTable(place)
  const [type, datasource, props] = sourceOf(place, plan, rows)
  if (type === 'feed') await install('sources', 'feed', feedCode(plan, rows))
  else await host.send('PUT', `/metadata/sources/${type}/confKeys/here`, props)
  const confKey = type === 'feed' ? '' : ', CONF_KEY="here"'
  const shared = plan.isShared ? ', SHARED="true"' : ''
  const sql = `CREATE STREAM rows (${COLUMNS}) WITH (DATASOURCE="${datasource}", TYPE="${type}", FORMAT="json", TIMESTAMP="ts"${confKey}${shared})`
  await host.send('POST', '/streams', { sql })
  for (const { id, isChained } of plan.rules) {
    if (!isChained) continue
    const middle = `CREATE STREAM mid_${id} (${COLUMNS}) WITH (DATASOURCE="mid/${id}", TYPE="memory", FORMAT="json", TIMESTAMP="ts")`
    await host.send('POST', '/streams', { sql: middle })
  }
}

/** What is posted to make a rule, or put to change it: `edition` adds a column. */
export function ruleBodies(place: Place, rule: RulePlan, edition: number): readonly object[] {
  const shape = shapes[rule.shape]
  if (shape === undefined) throw new RangeError(`no shape ${rule.shape}`)
  const options = { qos: rule.qos, checkpointInterval: `${rule.checkpointMs}ms` }
  const extra = edition === 0 ? '' : `, ${edition} AS edition`
  const sql = shape.sql(rule.isChained ? `mid_${rule.id}` : 'rows', extra)
  const actions = rule.sinks.map(({ type, props }, at) => {
    const common = { sendSingle: true, ...props }
    return type === 'file'
      ? { file: { path: fileOf(place.folder, rule.id, at), ...common } }
      : {
          rest: {
            url: place.urlOf(outputOf(rule.id, at)),
            method: 'post',
            retryMaxDelay: '200ms',
            ...common,
          },
        }
  })
  const main = { id: rule.id, sql, actions, options: { ...options, ...shape.options } }
  if (!rule.isChained) return [main]
  const topic = [{ memory: { topic: `mid/${rule.id}`, sendSingle: true } }]
  const head = { id: `${rule.id}-head`, sql: 'SELECT * FROM rows', actions: topic, options }
  return [main, head]
}

type SourceProps = readonly [type: string, datasource: string, props: Readonly<object>]

function sourceOf(place: Place, plan: Plan, rows: readonly InputRow[]): SourceProps {
  const { folder, pushPort, brokerUrl } = place
  const pace = Math.max(1, Math.round(plan.burstMs / 20))
  switch (plan.origin) {
    case 'file':
      writeFileSync(
        join(folder, 'rows.jsonl'),
        rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
      )
      return ['file', 'rows.jsonl', { path: folder, fileType: 'lines', sendInterval: pace }]
    case 'simulator':
      return ['simulator', 'rows', { data: rows, interval: pace, loop: false }]
    case 'httppush':
      return ['httppush', '/in', { httpServerPort: pushPort }]
    case 'mqtt 1':
    case 'mqtt 2':
      return ['mqtt', 'rows', { server: brokerUrl, qos: Number(plan.origin.at(-1)) }]
    default:
      return ['feed', 'rows', {}]
  }
}

async function defineTable({ host, folder }: Place): Promise<void> {
  const path = join(folder, 'names.db')
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE names (k TEXT PRIMARY KEY, name TEXT)')
  for (const k of KEYS) {
    if (k !== 'c') db.prepare('INSERT INTO names VALUES (?, ?)').run(k, nameOf(k))
  }
  db.close()
  await host.send('PUT', '/metadata/sources/sqlite/confKeys/names', { path })
  const sql =
    'CREATE TABLE names (k STRING, name STRING) WITH (DATASOURCE="names", TYPE="sqlite", KIND="lookup", CONF_KEY="names")'
  await host.send('POST', '/tables', { sql })
}

/** A plugin source that has the rows in its script, and stays open behind the last one. */
function feedCode({ origin, burstMs }: Plan, rows: readonly InputRow[]): string {
  const back =
    origin === 'plugin, rewinds'
      ? 'rewind(offset) { next = offset }, getOffset() { return next },'
      : ''
  return `const rows = ${JSON.stringify(rows)}
  let next = 0
  exports.feed = {
    configure() {},
    ${back}
    async open(ctx, consumer) {
      ctx.ready()
      while (next < rows.length && !ctx.signal.aborted) {
        await consumer(rows[next++])
        if (next % 20 === 0) await new Promise((wake) => setTimeout(wake, ${burstMs}))
      }
      if (!ctx.signal.aborted) await new Promise((end) => ctx.signal.addEventListener('abort', end))
    },
    close() {},
  }`
}
