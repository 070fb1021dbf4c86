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

test('the smaller the objects, the more of their ends an offset carries; at least 32, at most 64', async (t) => {
  for (const [rows, ends] of [
    [1, 64],
    [100, 41],
    [1000, 32],
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

test('a state that is hundreds of objects behind: with the offsets in between none is read again, nor after another such crash', async (t) => {
  const store = new MemoryStore()
  const key = (i: number) => `o${1000 + i}`
  // a third of them is empty
  for (let i = 0; i < 1200; i++) store.put(key(i), i % 3 === 0 ? '' : `{"id":${i}}\n`)
  const rows = 800
  const Source = sourceOver(store)
  const props = { 'ring.buffer.size': 2000 }
  const ids: number[] = []
  const trail: unknown[] = []
  let from: unknown
  // the state of no life is ever kept
  for (const until of [400, 250]) {
    const state = new MemoryState()
    const life = await live(new Source(), { props, state, from, since: trail, until })
    ids.push(...life.tuples.map(idOf))
    trail.push(...life.trail)
    from = life.offset
  }
  // now one is, before the listing has come to its end: the offsets before it are not given back any more
  const state = new MemoryState()
  const kept = await live(new Source(), { props, state, from, since: trail, until: 50 })
  ids.push(...kept.tuples.map(idOf))
  const last = await live(new Source(), { props, state, from: kept.offset, until: 100 })
  ids.push(...last.tuples.map(idOf))
  const wanted = Array.from({ length: 1200 }, (_, i) => i).filter((i) => i % 3 !== 0)
  t.is(ids.length, rows)
  t.deepEqual(ids, wanted)
})
