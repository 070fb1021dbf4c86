import {
  AbstractSourceTask,
  ObjectRecordIterator,
  sourceConfig,
  taskSource,
} from '@plutino/sdk/object-source'
import test from 'ava'
import { live } from './plugin.ts'
import { lines, MemoryState, MemoryStore } from './rig.ts'

/** A source over a store that outlives it. */
function sourceOver(store: MemoryStore) {
  return taskSource(
    () =>
      new (class extends AbstractSourceTask {
        protected override configure(props: Readonly<Record<string, unknown>>) {
          return sourceConfig({ 'input.format': 'jsonl', ...props })
        }
        protected override getIterator() {
          const { config, context } = this
          return new ObjectRecordIterator({ store, config, context })
        }
        protected override closeResources() {}
      })(),
  )
}

const idOf = ({ message }: { message: unknown }) => Number((message as { id: number }).id)

test('an offset that is newer than the state: objects finished in between are not read again', async (t) => {
  const store = new MemoryStore()
  for (let i = 0; i < 12; i++) store.put(`o${String(i).padStart(2, '0')}`, lines(`${i}-`, 100))
  const Source = sourceOver(store)
  const first = await live(new Source(), { state: new MemoryState(), until: 1050 })
  // As the host does after a crash: rows up to the offset are on its disk, the state is of a checkpoint before all ends.
  store.opened.length = 0
  const second = await live(new Source(), {
    state: new MemoryState(),
    from: first.offset,
    until: 150,
  })
  t.is(first.tuples.length + second.tuples.length, 1200)
  t.deepEqual([...new Set(store.opened)], ['o10', 'o11'])
  store.put('o99', '{"id":0}\n')
  const third = await live(new Source(), {
    state: new MemoryState(),
    from: second.offset,
    until: 1,
    isOrderly: true,
  })
  t.deepEqual(third.tuples.map(idOf), [0])
})

test('the smaller the objects, the more of their ends an offset carries; at least 16, at most 256', async (t) => {
  for (const [rows, ends] of [
    [1, 256],
    [100, 41],
    [1000, 16],
  ] as const) {
    const store = new MemoryStore()
    store.chunkBytes = 65_536
    for (let i = 0; i < 300; i++) store.put(`o${1000 + i}`, '{"id":1}\n'.repeat(rows))
    const life = await live(new (sourceOver(store))(), {
      state: new MemoryState(),
      until: 299 * rows + 1,
    })
    const { recent } = life.offset as { recent: string }
    t.is(recent.length / 16, ends)
  }
})
