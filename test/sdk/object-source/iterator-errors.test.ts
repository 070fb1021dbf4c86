import { gzipSync } from 'node:zlib'
import { AbstractSourceTask, AvroTransformer, ObjectSourceError } from '@plutino/sdk/object-source'
import test from 'ava'
import { avroFile, people } from './formats.ts'
import {
  lines,
  MemoryStore,
  memoryLog,
  setup,
  storeTask,
  takeAll,
  takeRecords,
  VirtualTime,
  valuesOf,
} from './rig.ts'
import { counts, froms, lost, started } from './started-task.ts'

test('E33: a bad line 2 of 3 costs the line, the object, or the task, by tolerance', async (t) => {
  const store = new MemoryStore()
  store.put('a', '{"id":1}\n{bad\n{"id":3}\n')
  const all = await started(store)
  const records = await takeAll(all.task, all.time)
  t.deepEqual(
    [valuesOf(records), counts(records)],
    [
      [{ id: 1 }, { id: 3 }],
      [1, 3],
    ],
  )
  t.is(all.made.iterator?.counts.brokenRecords, 1)
  const object = await started(store, { 'input.format': 'jsonl', 'errors.tolerance': 'object' })
  t.deepEqual(valuesOf(await takeAll(object.task, object.time)), [{ id: 1 }])
  const none = await started(store, { 'input.format': 'jsonl', 'errors.tolerance': 'none' })
  t.is((await takeRecords(none.task, none.time, 1)).length, 1)
  const error = await t.throwsAsync(takeRecords(none.task, none.time, 1), {
    code: 'reading-failed',
  })
  t.regex(error?.message ?? '', /object "a", record 2/)
  for (const { task } of [all, object, none]) await task.close()
})

test('an avro file that is cut off costs its rest and is counted, or the task, by tolerance', async (t) => {
  const store = new MemoryStore()
  store.put('a', (await avroFile(people(10), undefined, 'null', 60)).slice(0, -5))
  store.put('b', await avroFile(people(1)))
  const all = await started(store, { 'input.format': 'avro' })
  const records = await takeAll(all.task, all.time)
  t.true(records.length > 2 && records.length < 11)
  t.deepEqual(valuesOf(records), [...people(records.length - 1), ...people(1)])
  t.is(all.made.iterator?.counts.brokenObjects, 1)
  const none = await started(store, { 'input.format': 'avro', 'errors.tolerance': 'none' })
  await t.throwsAsync(takeRecords(none.task, none.time, 11), { message: /object "a": cut off/ })
  for (const { task } of [all, none]) await task.close()
})

test('an object that is forbidden is skipped and counted, or ends the task with key and cause, by tolerance', async (t) => {
  const store = new MemoryStore()
  for (const name of ['a', 'b']) store.put(name, lines(name, 1))
  const forbidden = Object.assign(new Error('forbidden'), { status: 403 })
  store.onOpen = (key) => {
    if (key === 'a') throw forbidden
  }
  const all = await started(store)
  t.deepEqual(froms(valuesOf(await takeAll(all.task, all.time))), ['b0'])
  t.is(all.made.iterator?.counts.skippedObjects, 1)
  const none = await started(store, { 'input.format': 'jsonl', 'errors.tolerance': 'none' })
  const error = await t.throwsAsync(takeRecords(none.task, none.time, 1), {
    message: 'reading failed after 0 records: object "a" cannot be read: forbidden',
  })
  t.is(((error as Error).cause as Error).cause, forbidden)
  for (const { task } of [all, none]) await task.close()
})

test('an error of a store that nobody knows ends the task rather than lose an object', async (t) => {
  const store = new MemoryStore()
  store.put('a', lines('a', 1))
  store.onOpen = () => {
    throw new TypeError('a bug')
  }
  const { task, time } = await started(store)
  await t.throwsAsync(takeRecords(task, time, 1), { message: /a bug/ })
  await task.close()
})

test('E53: a listing that fails with 503 is tried again, with 403 it is not; tries can be bounded', async (t) => {
  const status = (code: number) => Object.assign(new Error(`status ${code}`), { status: code })
  const store = new MemoryStore()
  store.put('a', lines('a', 1))
  let failures = 0
  store.onList = () => {
    if (failures++ < 3) throw status(503)
  }
  const passing = await started(store)
  t.deepEqual(froms(valuesOf(await takeRecords(passing.task, passing.time, 1))), ['a0'])
  store.onList = () => {
    throw status(403)
  }
  const denied = await started(store)
  await t.throwsAsync(takeRecords(denied.task, denied.time, 1), {
    message: /listing failed: status 403/,
  })
  store.onList = () => {
    throw status(503)
  }
  const bounded = await started(store, { 'max.retries': 2 })
  await t.throwsAsync(takeRecords(bounded.task, bounded.time, 1), { message: /after 3 tries/ })
  for (const { task } of [passing, denied, bounded]) await task.close()
})

test('bytes go on by a range where the store reads ranges', async (t) => {
  const store = new MemoryStore()
  store.put(
    'a',
    new Uint8Array(100).map((_, i) => i),
  )
  const ranged = Object.assign(store, { read: async () => new Uint8Array(0) })
  let failures = 0
  store.chunkBytes = 10
  store.onChunk = (_key, at) => {
    if (at === 50 && failures++ === 0) throw lost()
  }
  const { task, time } = await started(ranged, { 'transformer.max.buffer.size': 10 })
  const bytes = Buffer.concat(valuesOf(await takeRecords(task, time, 10)) as Uint8Array[])
  t.deepEqual(
    [...bytes],
    Array.from({ length: 100 }, (_, i) => i),
  )
  await task.close()
})

test('what needs a library or codecs says so when it is configured', async (t) => {
  const store = new MemoryStore()
  const plain = storeTask(store)
  await t.throwsAsync(plain.task.start(setup(new VirtualTime()), { 'input.format': 'parquet' }), {
    instanceOf: ObjectSourceError,
    message: /@plutino\/sdk\/object-source\/parquet/,
  })
  t.is(plain.task.closes, 1)
  t.true(plain.task instanceof AbstractSourceTask && new AvroTransformer().format === 'avro')
  const zipped = storeTask(store)
  store.put('a', gzipSync('x'))
  const time = new VirtualTime()
  await zipped.task.start(setup(time, { logger: memoryLog() }), { 'file.compression.type': 'gzip' })
  await t.throwsAsync(takeRecords(zipped.task, time, 1), { message: /object-source\/compression/ })
  await zipped.task.close()
})
