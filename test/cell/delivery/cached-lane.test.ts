import test from 'ava'
import { down, eventually, inFolder, makeLane, numbers, ToldSink } from './lane.ts'

const cache = { enableCache: true, bufferPageSize: 10, memoryCacheThreshold: 100 }

test('while the sink takes everything nothing is written to disk', (t) =>
  inFolder(async (folder) => {
    const made = await makeLane({ folder, props: cache })
    made.emit(1, 50)
    await eventually(() => made.lane.acknowledged === 50, 'the acknowledgement')
    t.like(made.lane.figures(), { cache_length: 0, cache_bytes: 0, resent_total: 0 })
    await made.close()
  }))

test('what the sink cannot take is acknowledged from disk, and is sent in order when it can', (t) =>
  inFolder(async (folder) => {
    const made = await makeLane({ folder, props: cache })
    made.sink.fails = down()
    for (let first = 1; first < 500; first += 25) made.emit(first, first + 24)
    await eventually(() => made.lane.acknowledged === 500, 'the acknowledgement')
    t.deepEqual(made.sink.texts, [])
    t.like(made.lane.figures(), { cache_length: 500, records_out_total: 0 })
    t.true(made.lane.isIdle)
    t.false(made.lane.isEmpty)
    made.sink.fails = undefined
    made.emit(501, 510)
    await eventually(() => made.lane.isEmpty, 'an empty cache')
    t.deepEqual(made.sink.texts, numbers(1, 510))
    t.true(made.sink.chunks.every(({ count }) => count <= 10))
    t.like(made.lane.figures(), { cache_length: 0, dropped_total: 0, records_out_total: 510 })
    made.emit(511, 511)
    await eventually(() => made.lane.acknowledged === 511, 'the acknowledgement')
    t.is(made.sink.texts.at(-1), '511')
    await made.close()
  }))

test('a slow sink: what is over the threshold goes to disk, nothing twice', (t) =>
  inFolder(async (folder) => {
    const made = await makeLane({ folder, props: { ...cache, memoryCacheThreshold: 20 } })
    const gate = Promise.withResolvers<void>()
    made.sink.gate = gate.promise
    for (let first = 1; first < 200; first += 10) made.emit(first, first + 9)
    await eventually(() => made.lane.acknowledged === 200, 'the acknowledgement')
    gate.resolve()
    await eventually(() => made.lane.isEmpty, 'an empty cache')
    t.deepEqual(made.sink.texts, numbers(1, 200))
    await made.close()
  }))

test('another life goes on where the one before was, before what is new, and knows what it has', (t) =>
  inFolder(async (folder) => {
    const first = await makeLane({ folder, props: cache })
    first.sink.fails = down()
    first.emit(1, 60)
    await eventually(() => first.lane.acknowledged === 60, 'the acknowledgement')
    await first.close()
    const second = await makeLane({ folder, props: cache, position: 40 })
    t.is(second.lane.position, 40)
    t.is(second.lane.accepted, 60)
    second.emit(41, 70)
    await eventually(() => second.lane.isEmpty, 'an empty cache')
    t.deepEqual(second.sink.texts, numbers(1, 70))
    await second.close()
  }))

test('payloads of an earlier numbering are sent before those of the new one', (t) =>
  inFolder(async (folder) => {
    const first = await makeLane({ folder, props: cache })
    first.sink.fails = down()
    first.emit(1, 5)
    await eventually(() => first.lane.acknowledged === 5, 'the acknowledgement')
    await first.close()
    const second = await makeLane({ folder, props: cache, generation: 'g2' })
    t.is(second.lane.accepted, 0)
    second.emit(1, 3)
    await eventually(() => second.lane.isEmpty, 'an empty cache')
    t.deepEqual(second.sink.texts, [...numbers(1, 5), ...numbers(1, 3)])
    t.deepEqual(
      second.sink.chunks.map(({ generation }) => generation),
      ['g1', 'g2'],
    )
    await second.close()
  }))

test('what waits in memory at the stop is saved; with cleanCacheAtStop nothing is kept', (t) =>
  inFolder(async (folder) => {
    const first = await makeLane({ folder, props: cache })
    first.sink.gate = new Promise(() => {})
    first.emit(1, 30)
    await first.close()
    const second = await makeLane({ folder, props: { ...cache, cleanCacheAtStop: true } })
    second.sink.fails = down()
    await eventually(() => second.sink.attempts > 0, 'an attempt')
    t.like(second.lane.figures(), { cache_length: 30 })
    await second.close()
    const third = await makeLane({ folder, props: cache })
    t.like(third.lane.figures(), { cache_length: 0 })
    await third.close()
  }))

test('a full cache pushes back and loses nothing', (t) =>
  inFolder(async (folder) => {
    const made = await makeLane({ folder, props: { ...cache, maxDiskCache: 100 } })
    made.sink.fails = down()
    let last = 0
    while (!made.lane.isFull) {
      made.emit(last + 1, last + 500)
      last += 500
      await eventually(() => !made.lane.isIdle || made.lane.acknowledged === last, 'a turn')
    }
    await eventually(() => made.lane.trouble !== '', 'a reason')
    t.is(made.lane.trouble, 'the cache of sink "told_0" is full: the rule waits for the sink')
    t.true(made.lane.acknowledged < last)
    made.sink.fails = undefined
    await eventually(() => made.lane.isEmpty, 'the end')
    t.deepEqual(made.sink.texts, numbers(1, last))
    await made.close()
  }))

test('with dropOldest the newest stay, and every other one is counted', (t) =>
  inFolder(async (folder) => {
    const props = { ...cache, maxDiskCache: 100, cacheFullPolicy: 'dropOldest' }
    const made = await makeLane({ folder, props })
    made.sink.fails = down()
    for (let first = 1; first < 1000; first += 20) {
      made.emit(first, first + 19)
      await eventually(() => made.lane.isIdle, 'the disk')
    }
    made.sink.fails = undefined
    await eventually(() => made.lane.isEmpty, 'the end')
    const { cache_dropped_total, dropped_total } = made.lane.figures()
    t.is(dropped_total, cache_dropped_total)
    t.is(made.sink.texts.length + Number(dropped_total), 1000)
    t.true(made.sink.texts.length <= 120)
    t.deepEqual(made.sink.texts.slice(-50), numbers(951, 1000))
    await made.close()
  }))

test('resent payloads are marked and go to another destination where the action says so', (t) =>
  inFolder(async (folder) => {
    const props = { ...cache, resendIndicatorField: 'again', resendDestination: 'late' }
    const first = await makeLane({ folder, props })
    first.sink.fails = down()
    first.emit(1, 1)
    await eventually(() => first.lane.acknowledged === 1, 'the acknowledgement')
    first.sink.fails = undefined
    await eventually(() => first.lane.isEmpty, 'the end')
    for (let i = 2; first.sink.chunks.at(-1)?.destination === 'late' && i < 1000; i++) {
      first.emit(i, i)
      await eventually(() => first.sink.texts.length === i, 'the payload')
    }
    t.is(first.sink.chunks[0]?.destination, 'late')
    t.is(first.sink.chunks.at(-1)?.destination, undefined)
    await first.close()
  }))

test('with resendAlterQueue what comes now does not wait behind the cache; nothing is lost or sent twice', (t) =>
  inFolder(async (folder) => {
    const props = { ...cache, resendAlterQueue: true, resendInterval: 20 }
    const sink = new ToldSink()
    const made = await makeLane({ folder, props, sink })
    sink.fails = down()
    made.emit(1, 100)
    await eventually(() => made.lane.acknowledged === 100, 'the acknowledgement')
    sink.fails = undefined
    await eventually(() => sink.texts.length > 0, 'a first page')
    made.emit(101, 105)
    await eventually(() => made.lane.isEmpty, 'the end')
    t.true(sink.texts.indexOf('101') < sink.texts.indexOf('100'))
    t.deepEqual([...sink.texts].sort(byNumber), numbers(1, 105))
    await made.close()
  }))

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b)
}
