import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'
import { avroFile } from '#test/sdk/object-source/formats.ts'
import { difference, ObjectRules, range, sorted } from './object-rules.ts'
import { parquetOf } from './parquet.ts'

/** A host with the source, which reads folder `input` in the host's. */
async function start(t: ExecutionContext, isGranted = true) {
  const host = await SampleHost.start(t)
  await host.install('objects-file', 'sources/objectsFile')
  const grant = async () => {
    const files = { input: join(host.folder, 'input') }
    await host.send('POST', '/plugins/sources/objectsFile/grants', { files })
  }
  if (isGranted) await grant()
  return { host, grant, rules: new ObjectRules(host, 'objectsFile') }
}

/** As whoever brings files in should: whole or not at all. */
function put(folder: string, name: string, content: string | Uint8Array): void {
  const path = join(folder, 'input', name)
  mkdirSync(dirname(path), { recursive: true })
  mkdirSync(join(folder, 'parts'), { recursive: true })
  const part = join(folder, 'parts', 'part')
  writeFileSync(part, content)
  renameSync(part, path)
}

const rows = (from: number, count: number) =>
  range(count, from).map((id) => ({ id, name: `name${id}`, text: 'x'.repeat(50) }))
const lines = (from: number, count: number) =>
  rows(from, count)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')
const csv = (from: number, count: number) =>
  `id,name\n${rows(from, count)
    .map(({ id, name }) => `${id},"${name}, the ""first"""\n`)
    .join('')}`

const EACH = 8000
const formats: Readonly<
  Record<
    string,
    {
      readonly props: Readonly<Record<string, string>>
      readonly make: (from: number, count: number) => Promise<string | Uint8Array>
    }
  >
> = {
  jsonl: { props: { 'input.format': 'jsonl' }, make: async (from, n) => lines(from, n) },
  csv: { props: { 'input.format': 'csv' }, make: async (from, n) => csv(from, n) },
  avro: {
    props: { 'input.format': 'avro' },
    make: (from, n) =>
      avroFile(
        rows(from, n),
        {
          type: 'record',
          name: 'Row',
          fields: [
            { name: 'id', type: 'long' },
            { name: 'name', type: 'string' },
            { name: 'text', type: 'string' },
          ],
        },
        'deflate',
      ),
  },
  parquet: { props: { 'input.format': 'parquet' }, make: async (from, n) => parquetOf(from, n) },
  gzip: {
    props: { 'input.format': 'jsonl', 'file.compression.type': 'gzip' },
    make: async (from, n) => gzipSync(lines(from, n)),
  },
}

for (const [name, { props, make }] of Object.entries(formats)) {
  test.serial(
    `${name}: killed in the middle of objects, host and worker in turn, at qos 2 nothing is lost and nothing doubled`,
    async (t) => {
      t.timeout(240_000)
      const { host, rules } = await start(t)
      let total = 0
      const add = async () => {
        put(host.folder, `in/${String(total).padStart(6, '0')}.dat`, await make(total, EACH))
        total += EACH
      }
      for (let i = 0; i < 3; i++) await add()
      await rules.start(name, 'in', { ...props, bufferLength: 1000 })
      const cuts: number[] = []
      const killAfter = async (rows: number) => {
        await rules.reach(name, rows)
        if (cuts.length === 1) host.killWorkers()
        else await host.killAndStart()
        cuts.push(rules.ids(name).length)
      }
      for (const part of [0.1, 0.3, 0.5, 0.7]) await killAfter(3 * EACH * part)
      const isInside = () => cuts.some((cut) => cut % EACH !== 0)
      // where this process was so late that all was read before
      for (let more = 0; more < 10 && !isInside(); more++) {
        await add()
        await killAfter(total - 0.9 * EACH)
      }
      const ids = await rules.whole(name, total)
      t.log(`killed after ${cuts.join(', ')} of ${total} rows`)
      t.true(isInside())
      t.is(difference(ids, range(total)), '')
      t.is(await host.stop(), 0)
    },
  )
}

test.serial(
  'concurrency 2, then 3: every object is read exactly once; late and replaced ones, too',
  async (t) => {
    t.timeout(240_000)
    const { host, rules } = await start(t)
    const objects = 40
    for (let i = 0; i < objects; i++) {
      put(host.folder, `day${i % 4}/${String(i).padStart(3, '0')}.jsonl`, lines(i * 500, 500))
    }
    const props = { 'input.format': 'jsonl', bufferLength: 200, concurrency: 2 }
    await rules.start('many', '', props)
    await rules.reach('many', 5000)
    await rules.configure('many', { ...props, concurrency: 3 })
    await host.killAndStart()
    t.is(difference(sorted(await rules.whole('many', objects * 500)), range(objects * 500)), '')
    put(host.folder, 'day0/000-late.jsonl', lines(100_000, 10))
    const late = sorted(await rules.whole('many', objects * 500 + 10))
    t.is(difference(late, [...range(objects * 500), ...range(10, 100_000)]), '')
    put(host.folder, 'day3/039.jsonl', lines(200_000, 700))
    const all = sorted(await rules.whole('many', objects * 500 + 710))
    t.is(difference(all, [...late, ...range(700, 200_000)]), '')
    await host.killAndStart()
    put(host.folder, 'day9/new.jsonl', lines(300_000, 5))
    const last = sorted(await rules.whole('many', objects * 500 + 715))
    t.is(difference(last, [...all, ...range(5, 300_000)]), '')
    t.is(await host.stop(), 0)
  },
)

test.serial('without a grant the status of the rule says what is missing', async (t) => {
  const { host, grant, rules } = await start(t, false)
  put(host.folder, 'a.jsonl', lines(0, 5))
  await rules.start('waits', '', { 'input.format': 'jsonl' })
  const status = await until('the refusal in the status', async () => {
    const text = JSON.stringify(await host.status('waits'))
    return text.includes('grant') && text
  })
  t.regex(status, /files\.input|folder "input"/)
  t.deepEqual(rules.ids('waits'), [])
  await grant()
  await host.send('POST', '/rules/waits/restart')
  t.deepEqual(await rules.whole('waits', 5), range(5))
})
