import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

const STREAM = 'CREATE STREAM demo () WITH (DATASOURCE="app.log", TYPE="tail", FORMAT="json")'

interface Followed {
  readonly host: SampleHost
  /** The file that is followed. */
  readonly log: string
  /** What the rule has written. */
  read(): number[]
}

async function follow(t: ExecutionContext, options: object): Promise<Followed> {
  const host = await SampleHost.start(t, {
    'etc/sources/tail.yaml': 'default:\n  interval: 20\n',
  })
  const folder = join(host.folder, 'input')
  mkdirSync(folder)
  await host.install('tail', 'sources/tail')
  await host.send('POST', '/plugins/sources/tail/grants', { files: { input: folder } })
  await host.send('POST', '/streams', { sql: STREAM })
  const out = join(host.folder, 'out.jsonl')
  await host.send('POST', '/rules', {
    id: 'copy',
    sql: 'SELECT n FROM demo',
    actions: [{ file: { path: out, sendSingle: true } }],
    options,
  })
  const read = () =>
    existsSync(out)
      ? readFileSync(out, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line).n)
      : []
  return { host, log: join(folder, 'app.log'), read }
}

function linesOf(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => `{"n":${from + i}}\n`).join('')
}

function numbers(many: number): number[] {
  return Array.from({ length: many }, (_, i) => i)
}

test('a file in a granted folder is followed while it grows, is rotated and is truncated', async (t) => {
  const { log, read, host } = await follow(t, {})
  appendFileSync(log, linesOf(0, 100))
  const reach = (many: number) =>
    until(
      `row ${many}`,
      () => read().length >= many,
      () => host.status('copy'),
    )
  await reach(100)
  appendFileSync(log, linesOf(100, 150).slice(0, -4))
  await reach(149)
  appendFileSync(log, '49}\n')
  await reach(150)
  renameSync(log, `${log}.1`)
  appendFileSync(`${log}.1`, linesOf(150, 160))
  appendFileSync(log, linesOf(160, 200))
  await reach(200)
  truncateSync(log)
  appendFileSync(log, linesOf(200, 210))
  await reach(210)
  t.deepEqual(read(), numbers(210))
})

test('a folder that is not granted is named in the status, with the call that grants it', async (t) => {
  const host = await SampleHost.start(t)
  const answer = await host.install('tail', 'sources/tail')
  t.true(answer.includes('input') && answer.includes('/plugins/sources/tail/grants'), answer)
  await host.send('POST', '/streams', { sql: STREAM })
  await host.send('POST', '/rules', {
    id: 'r',
    sql: 'SELECT n FROM demo',
    actions: [{ nop: {} }],
  })
  const text = await until('the refusal', async () => {
    const status = JSON.stringify(await host.status('r'))
    return status.includes('grants') && status
  })
  t.regex(text, /tail/)
  t.regex(text, /input/)
})

test('at qos 2 each line comes out once, in order, over kill -9 of the host and rotations', async (t) => {
  t.timeout(300_000)
  const { log, read, host } = await follow(t, { qos: 2, checkpointInterval: '100ms' })
  const many = 12_000
  let written = 0
  const grow = (to: number) => {
    appendFileSync(log, linesOf(written, to))
    written = to
  }
  const cuts: number[] = []
  for (const at of [2000, 5000, 9000]) {
    grow(at)
    await until(
      `row ${at / 2}`,
      () => read().length >= at / 2,
      () => host.status('copy'),
    )
    await host.killAndStart()
    cuts.push(read().length)
    renameSync(log, `${log}.${at}`)
  }
  grow(many)
  await until(
    'the last row',
    () => read().length >= many,
    () => host.status('copy'),
  )
  t.log(`killed after ${cuts.join(', ')} of ${many} rows`)
  t.deepEqual(read(), numbers(many))
})
