import { taskSource } from '@plutino/sdk/object-source'
import test from 'ava'
import { live } from './plugin.ts'
import { lines, MemoryState, MemoryStore, storeTask } from './rig.ts'

const props = { 'input.format': 'jsonl' }

for (const [what, offsetsOf] of [
  ['again', (taken: unknown) => taken],
  ['with another number of instances', (taken: unknown) => [taken, undefined, taken]],
] as const) {
  test(`an instance that took over from others and was killed before its first row goes on ${what} where they were`, async (t) => {
    const store = new MemoryStore()
    for (const key of ['a', 'b', 'c']) store.put(key, lines(key, 4))
    const Source = taskSource(() => storeTask(store).task)
    const state = new MemoryState()
    const first = await live(new Source(), { props, state, until: 10 })
    const between = new Source()
    await between.configure('', props)
    await between.rewindAll?.([first.offset, undefined])
    const taken = JSON.parse(JSON.stringify(between.getOffset()))
    const last = new Source()
    const rewound = offsetsOf(taken)
    if (Array.isArray(rewound) && rewound !== taken) {
      const rewind = last.rewindAll?.bind(last)
      last.rewind = async () => await rewind?.(rewound)
    }
    const { tuples } = await live(last, { props, state, from: taken, until: 2 })
    t.deepEqual(
      tuples.map(({ message }) => message),
      [
        { id: 2, from: 'c' },
        { id: 3, from: 'c' },
      ],
    )
  })
}
