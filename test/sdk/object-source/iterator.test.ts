import { gzipSync } from 'node:zlib'
import test from 'ava'
import { avroFile, parquetFile, people, text } from './formats.ts'
import {
  lines,
  MemoryState,
  MemoryStore,
  setup,
  storeTask,
  takeAll,
  takeRecords,
  valuesOf,
} from './rig.ts'
import { counts, everyFormat, froms, lost, started } from './started-task.ts'

const formats = ['avro', 'bytes', 'jsonl', 'parquet', 'json', 'csv'] as const
type Format = (typeof formats)[number]
async function contentOf(format: Format, count: number): Promise<Uint8Array> {
  switch (format) {
    case 'avro':
      return avroFile(people(count))
    case 'bytes':
      return new Uint8Array(4096 * count)
    case 'parquet':
      return parquetFile(count)
    case 'json':
      return text(JSON.stringify(people(count)))
    case 'csv':
      return text(
        `id\n${people(count)
          .map(({ id }) => `${id}\n`)
          .join('')}`,
      )
    case 'jsonl':
      return text(lines('a', count))
  }
}

for (const format of formats) {
  test(`J91, J93: an empty store has no ${format} record, and next throws`, async (t) => {
    const { made, task } = await started(new MemoryStore(), { 'input.format': format })
    t.false(await made.iterator?.hasNext())
    await t.throwsAsync(async () => made.iterator?.next(), { code: 'no-element' })
    await task.close()
  })

  test(`J92, J94: objects of one and of two ${format} records count 1 and 2`, async (t) => {
    const store = new MemoryStore()
    store.put('a', await contentOf(format, 1))
    store.put('b', await contentOf(format, 2))
    const { task, time } = await started(store, { 'input.format': format })
    const records = await takeAll(task, time)
    t.deepEqual(counts(records), [1, 1, 2])
    await task.close()
  })

  test(`J98: a ${format} object of no bytes gives nothing and is not opened`, async (t) => {
    const store = new MemoryStore()
    store.put('a', '')
    const { task, time } = await started(store, { 'input.format': format })
    t.deepEqual(await takeAll(task, time), [])
    t.deepEqual(store.opened, [])
    await task.close()
  })

  test(`J97, E41: a ${format} object in gzip comes back; parquet ignores the setting`, async (t) => {
    const store = new MemoryStore()
    const content = await contentOf(format, 2)
    store.put('a', format === 'parquet' ? content : gzipSync(content))
    const { task, time } = await started(store, {
      'input.format': format,
      'file.compression.type': 'gzip',
    })
    t.is((await takeRecords(task, time, 2)).length, 2)
    await task.close()
  })
}

test('J95: 6000 bytes at 4096 are 4096 and 1904, counted 1 and 2', async (t) => {
  const store = new MemoryStore()
  store.put('a', new Uint8Array(6000))
  const { task, time } = await started(store, {})
  const records = await takeRecords(task, time, 2)
  t.deepEqual(
    [valuesOf(records).map((each) => (each as Uint8Array).length), counts(records)],
    [
      [4096, 1904],
      [1, 2],
    ],
  )
  await task.close()
})

test('J96: the first listing starts behind the start key, or at the beginning', async (t) => {
  for (const key of ['b', undefined]) {
    const store = new MemoryStore()
    for (const name of ['a', 'b', 'c']) store.put(name, lines(name, 1))
    const { task, time } = await started(store, {
      'input.format': 'jsonl',
      'native.start.key': key,
    })
    t.is(store.listed[0], key)
    t.deepEqual(
      froms(valuesOf(await takeAll(task, time))),
      key === undefined ? ['a0', 'b0', 'c0'] : ['c0'],
    )
    await task.close()
  }
})

test('J99: 4 byte objects are seen by all four keys', async (t) => {
  const store = new MemoryStore()
  for (const name of ['a', 'b', 'c', 'd']) store.put(name, name)
  const { task, time } = await started(store, {})
  const records = await takeRecords(task, time, 4)
  t.deepEqual(
    records.map(({ meta }) => meta?.storageKey),
    ['a', 'b', 'c', 'd'],
  )
  await task.close()
})

test('J100: 5 avro objects of 5000 count exactly 1..5000 each', async (t) => {
  const store = new MemoryStore()
  store.chunkBytes = 65_536
  const file = await avroFile(people(5000))
  for (let i = 0; i < 5; i++) store.put(`k${i}`, file)
  const { task, time } = await started(store, { 'input.format': 'avro' })
  const records = await takeRecords(task, time, 25_000)
  for (let i = 0; i < 5; i++) {
    const own = records.filter(({ sourcePartition }) => sourcePartition.objectKey === `k${i}`)
    t.true(own.length === 5000 && counts(own).every((count, n) => count === n + 1))
  }
  await task.close()
})

test('J101: after two objects were read and nothing came twice, only the third that is written comes', async (t) => {
  const store = new MemoryStore()
  store.put('a', lines('a', 1))
  store.put('b', lines('b', 1))
  const { task, time } = await started(store)
  t.deepEqual(froms(valuesOf(await takeAll(task, time))), ['a0', 'b0'])
  store.put('c', lines('c', 1))
  t.deepEqual(froms(valuesOf(await takeAll(task, time))), ['c0'])
  await task.close()
})

test('E44: opening object b fails retryably once, and a, b, c are all delivered', async (t) => {
  const store = new MemoryStore()
  for (const name of ['a', 'b', 'c']) store.put(name, lines(name, 1))
  let failures = 0
  store.onOpen = (key) => {
    if (key === 'b' && failures++ === 0) throw lost()
  }
  const { task, time, made } = await started(store)
  t.deepEqual(froms(valuesOf(await takeAll(task, time))), ['a0', 'b0', 'c0'])
  t.is(made.iterator?.counts.retries, 1)
  await task.close()
})

test('E45: the body of b breaks after 3 of 5 records, and records 4 and 5 follow without a duplicate', async (t) => {
  const store = new MemoryStore()
  store.chunkBytes = lines('b', 1).length
  store.put('b', lines('b', 5))
  let failures = 0
  store.onChunk = (_key, at) => {
    if (at === 3 * store.chunkBytes && failures++ === 0) throw lost()
  }
  const { task, time } = await started(store)
  const records = await takeAll(task, time)
  t.deepEqual(
    [froms(valuesOf(records)), counts(records)],
    [
      ['b0', 'b1', 'b2', 'b3', 'b4'],
      [1, 2, 3, 4, 5],
    ],
  )
  t.is(store.closed, 2)
  await task.close()
})

test('E46: objects that were finished before a restart are opened at most once in 5 idle cycles', async (t) => {
  const store = new MemoryStore()
  for (const name of ['a', 'b', 'c']) store.put(name, lines(name, 2))
  const state = new MemoryState()
  const first = await started(store, undefined, { state })
  await takeAll(first.task, first.time)
  const offset = first.task.getOffset()
  await first.task.close()
  store.opened.length = 0
  const { task } = storeTask(store, everyFormat)
  await task.rewind(structuredClone(offset))
  await task.start(setup(first.time, { state }), { 'input.format': 'jsonl' })
  t.deepEqual(await takeAll(task, first.time), [])
  t.true(store.listed.length > 5)
  t.deepEqual(store.opened, [])
  await task.close()
})

test('E47, E48: a late key inside the window is delivered, one before it is not and is counted, and the window never moves back', async (t) => {
  const store = new MemoryStore()
  for (const name of ['b', 'd', 'f', 'h']) store.put(name, lines(name, 1))
  const props = { 'input.format': 'jsonl', 'ring.buffer.size': 2, 'late.audit.listings': 1 }
  const { task, time, made, log } = await started(store, props)
  t.is((await takeAll(task, time)).length, 4)
  t.is(store.listed.at(-1), undefined, 'audits list from the start')
  store.clock = time.now() + 1
  store.put('g', lines('g', 1))
  store.put('a', lines('a', 1))
  t.deepEqual(froms(valuesOf(await takeAll(task, time))), ['g0'])
  t.is(made.iterator?.counts.lateObjects, 1)
  t.true(log.lines.includes('warn object "a" came too late to be read'))
  await task.close()
  const plain = await started(store, { ...props, 'late.audit.listings': 0 })
  await takeAll(plain.task, plain.time)
  store.put('gg', lines('gg', 1))
  t.deepEqual(froms(valuesOf(await takeAll(plain.task, plain.time))), ['gg0'])
  const starts = store.listed.slice(store.listed.lastIndexOf(undefined)).map((key) => key ?? '')
  t.deepEqual(starts, [...starts].sort())
  await plain.task.close()
})

test('E49: an object that is overwritten is read again from 0', async (t) => {
  const store = new MemoryStore()
  store.put('a', lines('old', 2))
  const { task, time } = await started(store)
  await takeAll(task, time)
  store.put('a', lines('new', 3))
  const records = await takeAll(task, time)
  t.deepEqual(
    [froms(valuesOf(records)), counts(records)],
    [
      ['new0', 'new1', 'new2'],
      [1, 2, 3],
    ],
  )
  await task.close()
})

test('E50: the topic that is configured wins over the one in the name; with neither there is none', async (t) => {
  for (const [props, topic] of [
    [{ topic: 'set', 'file.name.template': '{{topic}}-{{partition}}' }, 'set'],
    [{ 'file.name.template': '{{topic}}-{{partition}}' }, 'logs'],
    [{}, undefined],
  ] as const) {
    const store = new MemoryStore()
    store.put('logs-1', 'x')
    const { task, time } = await started(store, props)
    t.is((await takeRecords(task, time, 1))[0]?.topic, topic)
    await task.close()
  }
})
