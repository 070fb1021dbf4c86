import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import { avroFile } from '#test/sdk/object-source/formats.ts'
import { parquetOf } from './objects.ts'
import { difference, range, SampleHost, sorted } from './sample-host.ts'

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
      const host = await SampleHost.start(t)
      for (let i = 0; i < 3; i++) put(host.folder, `in/${i}.dat`, await make(i * EACH, EACH))
      await host.install('objects-file', { files: { input: join(host.folder, 'input') } })
      await host.rule(name, 'objectsFile', 'in', { ...props, bufferLength: 1000 })
      const cuts: number[] = []
      for (const part of [0.1, 0.3, 0.5, 0.7]) {
        await host.until(`row ${3 * EACH * part}`, () => host.ids(name).length > 3 * EACH * part)
        if (part === 0.3) host.killWorkers()
        else await host.killAndStart()
        cuts.push(host.ids(name).length)
      }
      const ids = await host.whole(name, 3 * EACH)
      t.log(`killed after ${cuts.join(', ')} of ${3 * EACH} rows`)
      t.true(cuts.some((cut) => cut > 0 && cut < 3 * EACH && cut % EACH !== 0))
      t.is(difference(ids, range(3 * EACH)), '')
      t.is(await host.stop(), 0)
    },
  )
}

test.serial(
  'concurrency 2, then 3: every object is read exactly once; late and replaced ones, too',
  async (t) => {
    t.timeout(240_000)
    const host = await SampleHost.start(t)
    const objects = 40
    for (let i = 0; i < objects; i++) {
      put(host.folder, `day${i % 4}/${String(i).padStart(3, '0')}.jsonl`, lines(i * 500, 500))
    }
    await host.install('objects-file', { files: { input: join(host.folder, 'input') } })
    const props = { 'input.format': 'jsonl', bufferLength: 200, concurrency: 2 }
    await host.rule('many', 'objectsFile', '', props)
    await host.until('some rows', () => host.ids('many').length > 5000)
    await host.send('PUT', '/metadata/sources/objectsFile/confKeys/many', {
      ...props,
      concurrency: 3,
    })
    await host.killAndStart()
    t.is(difference(sorted(await host.whole('many', objects * 500)), range(objects * 500)), '')
    put(host.folder, 'day0/000-late.jsonl', lines(100_000, 10))
    const late = sorted(await host.whole('many', objects * 500 + 10))
    t.is(difference(late, [...range(objects * 500), ...range(10, 100_000)]), '')
    put(host.folder, 'day3/039.jsonl', lines(200_000, 700))
    const all = sorted(await host.whole('many', objects * 500 + 710))
    t.is(difference(all, [...late, ...range(700, 200_000)]), '')
    await host.killAndStart()
    put(host.folder, 'day9/new.jsonl', lines(300_000, 5))
    const last = sorted(await host.whole('many', objects * 500 + 715))
    t.is(difference(last, [...all, ...range(5, 300_000)]), '')
    t.is(await host.stop(), 0)
  },
)

test.serial('without a grant the status of the rule says what is missing', async (t) => {
  const host = await SampleHost.start(t)
  put(host.folder, 'a.jsonl', lines(0, 5))
  await host.install('objects-file', 'none')
  await host.rule('waits', 'objectsFile', '', { 'input.format': 'jsonl' })
  let status = ''
  for (let i = 0; i < 400 && !status.includes('grant'); i++) {
    status = JSON.stringify(await host.send('GET', '/rules/waits/status'))
    await new Promise((wake) => setTimeout(wake, 50))
  }
  t.regex(status, /files\.input|folder "input"/)
  t.deepEqual(host.ids('waits'), [])
  await host.send('POST', '/plugins/sources/objectsFile/grants', {
    files: { input: join(host.folder, 'input') },
  })
  await host.send('POST', '/rules/waits/restart')
  t.deepEqual(await host.whole('waits', 5), range(5))
})
