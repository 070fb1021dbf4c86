import {
  compareNativeKeys,
  isOfObject,
  isTransient,
  sourceConfig,
} from '@plutino/sdk/object-source'
import test from 'ava'

const wrong = (message: RegExp) => ({ code: 'configuration', message })
const size = 'transformer.max.buffer.size'

test('J58: a buffer size of 50 is 50', (t) => {
  t.is(sourceConfig({ [size]: 50 }).maxBufferSize, 50)
})

for (const value of ['21474836471', 'MAX', 'MTA=']) {
  test(`J59: ${value} is not a number of type INT`, (t) => {
    t.throws(
      () => sourceConfig({ [size]: value }),
      wrong(new RegExp(`${size}.*${value}.*not a number of type INT`)),
    )
  })
}

for (const value of [-1, 0, -9000]) {
  test(`J59: a buffer size of ${value} must be at least 1`, (t) => {
    t.throws(
      () => sourceConfig({ [size]: value }),
      wrong(new RegExp(`${size}: ${value} must be at least 1`)),
    )
  })
}

test('J60: templates that are regular expressions around known variables are valid', (t) => {
  for (const [type, template] of [
    ['partition', '{{topic}}-{{partition}}-{{start_offset}}.avro'],
    ['partition', '.*-{{partition}}.parquet'],
    ['object_hash', '.*\\.gz'],
    ['object_hash', '([a-zA-Z0-9_-]{3,5}).gz'],
  ]) {
    t.notThrows(() => sourceConfig({ 'distribution.type': type, 'file.name.template': template }))
  }
})

const byPartition = (template: unknown) => () =>
  sourceConfig({ 'distribution.type': 'partition', 'file.name.template': template })

test('J61: by partition a template without {{partition}} is an error naming it', (t) => {
  t.throws(
    byPartition('my-partition-{{topic}}'),
    wrong(/my-partition-.*\{\{partition\}\} is required/),
  )
})

test('J62: a blank template, or none by partition, must not be empty or not set', (t) => {
  for (const template of ['', '  ', undefined]) {
    t.throws(byPartition(template), wrong(/must not be empty or not set/))
  }
})

test('J63: unknown variables are unsupported, and the four supported are listed', (t) => {
  for (const name of ['long', 'filename']) {
    t.throws(
      byPartition(`{{${name}}}-{{partition}}`),
      wrong(/unsupported template variable.*start_offset.*timestamp.*topic.*partition/),
    )
  }
})

test('J64: everything that is set is what one gets, and the defaults are those that are written', (t) => {
  const { namePattern, ...defaults } = sourceConfig({})
  t.is(namePattern.template, '.*')
  t.deepEqual(defaults, {
    maxPollRecords: 500,
    maxQueueBytes: 16_777_216,
    ringBufferSize: 1000,
    errorsTolerance: 'all',
    distributionType: 'object_hash',
    topic: undefined,
    nativeStartKey: undefined,
    inputFormat: 'bytes',
    maxBufferSize: 4096,
    maxRecordBytes: 16_777_216,
    compression: 'none',
    tasksMax: 1,
    taskId: 0,
    longs: 'auto',
    maxRetries: 0,
    prefetchObjects: 16,
    lateAuditListings: 0,
    csv: { delimiter: ',', quote: '"', columns: undefined },
  })
  const set = sourceConfig({
    'max.poll.records': 7,
    'ring.buffer.size': 8,
    'errors.tolerance': 'NONE',
    topic: 't',
    'native.start.key': 'k',
    'input.format': 'JSONL',
    'file.compression.type': 'GZIP',
    concurrency: 4,
    'task.id': 6,
    [size]: 'object',
    'csv.columns': 'a, b',
  })
  t.like(set, {
    maxPollRecords: 7,
    ringBufferSize: 8,
    errorsTolerance: 'none',
    topic: 't',
    nativeStartKey: 'k',
    inputFormat: 'jsonl',
    compression: 'gzip',
    tasksMax: 4,
    taskId: 2,
    maxBufferSize: 0,
  })
  t.deepEqual(set.csv.columns, ['a', 'b'])
})

test('E30: a number as text is the number', (t) => {
  t.is(sourceConfig({ 'max.poll.records': '12' }).maxPollRecords, 12)
  t.is(sourceConfig({ topic: 5 }).topic, '5')
  t.throws(() => sourceConfig({ 'max.poll.records': true }), wrong(/max\.poll\.records: true/))
})

test('E53: statuses, socket codes and throttling pass; what is forbidden or gone is of the object', (t) => {
  const http = (status: number) =>
    Object.assign(new Error('no'), { $metadata: { httpStatusCode: status } })
  t.true(
    [http(503), http(429), Object.assign(new Error('x'), { code: 'ECONNRESET' })].every(
      isTransient,
    ),
  )
  t.true(
    [http(403), http(404), Object.assign(new Error('x'), { code: 'ENOENT' })].every(isOfObject),
  )
  t.false([http(403), new Error('x')].some(isTransient))
  t.false([http(503), new Error('x')].some(isOfObject))
})

test('E54: keys are ordered as their UTF-8 bytes are, numbers by value', (t) => {
  const keys = ['a b', 'a+b', 'a%b', 'a&b', 'файл', '\uffee', '🦆', 'z']
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  t.deepEqual([...keys].sort(compareNativeKeys), byBytes)
  t.deepEqual([10, 9, 2n].sort(compareNativeKeys), [2n, 9, 10])
})
