import {
  keyOf,
  ObjectEntry,
  OffsetManager,
  type OffsetMap,
  RingBuffer,
  type SourceRecord,
} from '@plutino/sdk/object-source'
import test from 'ava'
import { packMap, unpackMap } from '../../../sdk/src/object-source/offset-map.ts'

/** What is stored, by the object's number; counts how it is asked. */
function stored(data: Readonly<Record<string, OffsetMap>>) {
  const asked = { single: 0, bulk: 0 }
  const find = (partition: OffsetMap) => data[String(partition.objectKey)]
  return {
    asked,
    reader: {
      offset(partition: OffsetMap) {
        asked.single++
        return find(partition)
      },
      offsets(partitions: readonly OffsetMap[]) {
        asked.bulk++
        return partitions.map(find)
      },
    },
  }
}

const key = (objectKey: string | number | bigint) => keyOf({ bucket: 'b', objectKey })
const entryAt = (objectKey: string) => (data: OffsetMap) =>
  new ObjectEntry({ bucket: 'b', objectKey }, data)

test('J18: what is stored comes with exactly that data', (t) => {
  const { reader } = stored({ a: { recordCount: 3, flag: true } })
  t.deepEqual(
    new OffsetManager(reader).getEntry(key('a'), (data) => data),
    { recordCount: 3, flag: true },
  )
})

test('J19: an empty map is as good as nothing, and is not remembered', (t) => {
  const { reader, asked } = stored({ a: {} })
  const manager = new OffsetManager(reader)
  t.is(
    manager.getEntry(key('a'), () => t.fail('created')),
    undefined,
  )
  manager.getEntry(key('a'), () => {})
  t.is(asked.single, 2)
})

const ten = Array.from({ length: 10 }, (_, i) => `k${i}`)

test('J20: with nothing stored for 10 keys one bulk read, and getEntry asks once more', (t) => {
  const { reader, asked } = stored({})
  const manager = new OffsetManager(reader)
  manager.populateOffsetManager(ten.map(key))
  t.is(
    manager.getEntry(key('k3'), () => 1),
    undefined,
  )
  t.deepEqual(asked, { single: 1, bulk: 1 })
})

test('J21: with all 10 stored one bulk read, and getEntry asks no more', (t) => {
  const { reader, asked } = stored(Object.fromEntries(ten.map((k) => [k, { recordCount: 1 }])))
  const manager = new OffsetManager(reader)
  manager.populateOffsetManager(ten.map(key))
  for (const k of ten) t.is(manager.getEntry(key(k), entryAt(k))?.getRecordCount(), 1)
  t.deepEqual(asked, { single: 0, bulk: 1 })
})

for (const [id, place] of [
  ['J22', { bucket: 'b', objectKey: 'a' }],
  ['J23', { container: 'c', objectKey: 'a' }],
] as const) {
  test(`${id}: an entry read twice shows its place and its extra field, and the store was read once`, (t) => {
    const { reader, asked } = stored({ a: { extra: 5 } })
    const manager = new OffsetManager(reader)
    for (let i = 0; i < 2; i++) {
      const entry = manager.getEntry(keyOf(place), (data) => new ObjectEntry(place, data))
      t.deepEqual({ ...entry?.getManagerKey() }, place)
      t.is(entry?.getInteger('extra'), 5)
    }
    t.is(asked.single, 1)
  })
}

for (const [id, place] of [
  ['J24', { bucket: 'b', objectKey: 'a' }],
  ['J25', { container: 'c', blobName: 'a' }],
] as const) {
  test(`${id}: a new entry counts 0 and knows nothing; set and counted it is the same again from its properties`, (t) => {
    const entry = new ObjectEntry(place)
    t.is(entry.getRecordCount(), 0)
    t.is(entry.getProperty('random'), undefined)
    entry.setProperty('random', 5)
    entry.incrementRecordCount()
    const again = entry.fromProperties(entry.getProperties())
    for (const each of [entry, again]) {
      t.deepEqual([each.getProperty('random'), each.getRecordCount()], [5, 1])
    }
  })
}

test('J26, J27: counting leaves the key alone; an entry from properties has the same count, key and properties', (t) => {
  const entry = new ObjectEntry({ bucket: 'b', objectKey: 'a' })
  const before = entry.getManagerKey()
  entry.incrementRecordCount()
  t.deepEqual({ ...entry.getManagerKey() }, { ...before })
  t.is(entry.getRecordCount(), 1)
  const again = entry.fromProperties(entry.getProperties())
  t.deepEqual(again.getProperties(), entry.getProperties())
  t.is(again.compareTo(entry), 0)
  again.incrementRecordCount()
  t.true(again.compareTo(entry) > 0)
})

test('E15: changing what an entry gave or was given does not change the entry', (t) => {
  const given: Record<string, number> = { a: 1 }
  const place: Record<string, string> = { bucket: 'b' }
  const entry = new ObjectEntry(place).fromProperties(given)
  given.a = 2
  place.bucket = 'other'
  t.throws(() => Object.assign(entry.getProperties(), { a: 3 }), { instanceOf: TypeError })
  t.throws(() => Object.assign(entry.getManagerKey(), { bucket: 'x' }), { instanceOf: TypeError })
  t.is(entry.getProperty('a'), 1)
  t.deepEqual({ ...entry.getManagerKey() }, { bucket: 'b' })
})

test('E16: the record count cannot be set, and can be read', (t) => {
  const entry = new ObjectEntry({ a: 1 })
  t.throws(() => entry.setProperty('recordCount', 1), { message: /"recordCount"/ })
  t.is(entry.getProperty('recordCount'), 0)
})

test('E17: 5 and 5n are one key; 5.5 and "5" are others', (t) => {
  const manager = new OffsetManager(stored({}).reader)
  manager.addEntry(new ObjectEntry({ bucket: 'b', objectKey: 5 }, { recordCount: 7 }))
  const found = (objectKey: number | bigint | string) =>
    manager.getEntry(key(objectKey), () => true)
  t.deepEqual([found(5n), found(5), found(5.5), found('5')], [true, true, undefined, undefined])
})

test('E18: a count stored as number or bigint reads back; beyond 2^53 getLong is exact and getInteger refuses', (t) => {
  const of = (data: OffsetMap) => new ObjectEntry({ a: 1 }, data)
  t.is(of({ recordCount: 4 }).getRecordCount(), 4)
  t.is(of({ recordCount: 4n }).getRecordCount(), 4)
  const big = of({ big: 2n ** 53n + 1n })
  t.is(big.getLong('big'), 9_007_199_254_740_993n)
  t.throws(() => big.getInteger('big'), { instanceOf: RangeError })
})

test('E19: a missing property is undefined by every getter', (t) => {
  const entry = new ObjectEntry({ a: 1 })
  t.deepEqual(
    [entry.getInteger('x'), entry.getInt('x'), entry.getLong('x'), entry.getString('x')],
    [undefined, undefined, undefined, undefined],
  )
})

test('E20: after remove by key, and by record, the store is asked again', (t) => {
  const { reader, asked } = stored({ a: { recordCount: 1 } })
  const manager = new OffsetManager(reader)
  const entry = new ObjectEntry({ bucket: 'b', objectKey: 'a' }, { recordCount: 9 })
  const count = () => manager.getEntry(key('a'), entryAt('a'))?.getRecordCount()
  manager.addEntry(entry)
  t.deepEqual([count(), asked.single], [9, 0])
  manager.remove(key('a'))
  t.deepEqual([count(), asked.single], [1, 1])
  manager.addEntry(entry)
  const record = { sourcePartition: entry.getManagerKey(), sourceOffset: entry.getProperties() }
  manager.remove(record as unknown as SourceRecord)
  t.deepEqual([count(), asked.single], [1, 2])
})

test('a record that is taken does not drop the entry of a later one on its way', (t) => {
  const manager = new OffsetManager(stored({}).reader)
  const entry = new ObjectEntry({ bucket: 'b', objectKey: 'a' }, { recordCount: 5 })
  manager.addEntry(entry)
  manager.remove({
    sourcePartition: entry.getManagerKey(),
    sourceOffset: { recordCount: 4 },
  } as unknown as SourceRecord)
  t.is(manager.getEntry(key('a'), entryAt('a'))?.getRecordCount(), 5)
})

test('E21: from null comes null; without a count it is 0', (t) => {
  const entry = new ObjectEntry({ a: 1 })
  t.is(entry.fromProperties(null), null)
  t.is(entry.fromProperties({ x: 1 }).getRecordCount(), 0)
})

test('E22: values of a checkpoint are equal after JSON, bigints kept', (t) => {
  const map = { a: 1, b: 2n ** 60n, c: 'x', d: null, e: true }
  t.deepEqual(unpackMap(JSON.parse(JSON.stringify(packMap(map)))), map)
})

for (const size of [2, 10, 19, 24]) {
  test(`J28, J29: a ring of ${size} ejects in order, and one key many times is one`, (t) => {
    const ring = new RingBuffer<number>(size)
    for (let i = 0; i < size; i++) {
      t.is(ring.nextEjected, undefined)
      ring.add(i)
    }
    t.is(ring.nextEjected, 0)
    t.is(ring.add(size), 0)
    t.is(ring.nextEjected, 1)
    const same = new RingBuffer<string>(size)
    for (let i = 0; i < size; i++) same.add('k')
    t.deepEqual([same.nextEjected, same.head, same.contains('k')], [undefined, 'k', true])
  })
}

test('J30: a ring of 1 ejects what came before', (t) => {
  const ring = new RingBuffer<string>(1)
  ring.add('a')
  t.is(ring.nextEjected, 'a')
  t.is(ring.add('b'), 'a')
  t.is(ring.nextEjected, 'b')
})

test('E23: a ring of 0 is always empty; allow keeps duplicates, delete moves to the tail', (t) => {
  const none = new RingBuffer<string>(0)
  none.add('a')
  t.deepEqual([none.contains('a'), none.head], [false, undefined])
  const twice = new RingBuffer<string>(3, 'allow')
  for (const k of ['a', 'b', 'a']) twice.add(k)
  t.deepEqual([...twice], ['a', 'b', 'a'])
  const moved = new RingBuffer<string>(3, 'delete')
  for (const k of ['a', 'b', 'a']) moved.add(k)
  t.deepEqual([[...moved], moved.tail], [['b', 'a'], 'a'])
})
