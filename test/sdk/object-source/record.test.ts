import {
  ObjectEntry,
  ObjectSourceError,
  ObjectSourceRecord,
  OffsetManager,
} from '@plutino/sdk/object-source'
import test from 'ava'

const native = { name: 'object' }
const entry = () => new ObjectEntry({ bucket: 'b', objectKey: 'k' })
function make() {
  return new ObjectSourceRecord({
    native,
    entry: entry(),
    context: { storageKey: 'k', topic: 'test-topic', partition: 2 },
    key: { schema: null, value: 'k' },
  })
}
const manager = () => new OffsetManager({ offset: () => undefined, offsets: () => [] })

test('J86: topic and partition are on the outgoing record, and its entry is in the manager', (t) => {
  const offsets = manager()
  const record = make()
  record.value = { schema: null, value: 'v' }
  t.like(record.getSourceRecord('none', offsets), {
    topic: 'test-topic',
    partition: 2,
    sourcePartition: { bucket: 'b', objectKey: 'k' },
    value: { schema: null, value: 'v' },
  })
  t.is(offsets.size, 1)
})

test('J87: a data error while it is made throws with tolerance none and is null with all; others throw in any case', (t) => {
  const failing = (code: 'broken-record' | 'stop') => () => {
    throw new ObjectSourceError(code, 'bad')
  }
  t.throws(() => make().getSourceRecord('none', manager(), failing('broken-record')), {
    message: 'bad',
  })
  t.is(make().getSourceRecord('all', manager(), failing('broken-record')), null)
  t.throws(() => make().getSourceRecord('all', manager(), failing('stop')), { message: 'bad' })
})

test('J88: changing the context that was set or given does not change the record', (t) => {
  const record = make()
  const context = { storageKey: 'k', topic: 'other', partition: 9 }
  record.context = context
  context.topic = 'changed'
  Object.assign(record.context, { partition: 1 })
  t.deepEqual(record.context, { storageKey: 'k', topic: 'other', partition: 9 })
})

test('J89: counting the entry that was set or given does not count the record', (t) => {
  const record = make()
  const own = entry()
  record.entry = own
  own.incrementRecordCount()
  record.entry.incrementRecordCount()
  t.is(record.recordCount, 0)
})

test('J90: a duplicate has a context and an entry of its own, of the same content, over the same object', (t) => {
  const record = make()
  const twin = record.duplicate()
  t.is(twin.native, native)
  t.deepEqual(twin.context, record.context)
  t.not(twin.context, record.context)
  twin.leaveOut()
  t.deepEqual([twin.recordCount, record.recordCount], [1, 0])
})
