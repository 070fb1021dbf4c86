import test from 'ava'
import {
  lines,
  MemoryStore,
  type StoredObject,
  setup,
  storeTask,
  takeRecords,
  VirtualTime,
  valuesOf,
} from './rig.ts'

/** Bodies whose first bytes come when the test says so. */
class SlowStore extends MemoryStore {
  readonly waiting: (() => void)[] = []
  most = 0
  #open = 0

  override async open(object: StoredObject): Promise<AsyncIterable<Uint8Array>> {
    this.#open++
    this.most = Math.max(this.most, this.#open)
    await new Promise<void>((resolve) => this.waiting.push(resolve))
    this.#open--
    return await super.open(object)
  }
}

const jsonl = { 'input.format': 'jsonl' }

function filled<T extends MemoryStore>(store: T, objects: number): T {
  for (let i = 0; i < objects; i++) store.put(`o${String(i).padStart(3, '0')}`, lines(`o${i}`, 3))
  return store
}

const places = (values: readonly unknown[]) =>
  values.map((value) => {
    const { from, id } = value as { from: string; id: number }
    return `${from}/${id}`
  })
const expected = (objects: number) =>
  Array.from({ length: objects }, (_, i) => [`o${i}/0`, `o${i}/1`, `o${i}/2`]).flat()

async function begin(store: MemoryStore, props: Readonly<Record<string, unknown>> = jsonl) {
  const time = new VirtualTime()
  const { task, made } = storeTask(store)
  await task.start(setup(time), props)
  return { task, time, made }
}

test('as many objects are asked for at one time as prefetch.objects says, and their order stays', async (t) => {
  const store = filled(new SlowStore(), 20)
  const { task, time } = await begin(store, { ...jsonl, 'prefetch.objects': 5 })
  const answering = setInterval(() => {
    // The last that was asked for is answered first.
    store.waiting.pop()?.()
  }, 1)
  const records = await takeRecords(task, time, 60)
  clearInterval(answering)
  t.deepEqual(places(valuesOf(records)), expected(20))
  t.true(store.most >= 5 && store.most <= 6, `${store.most} at one time`)
  await task.close()
})

test('prefetch.objects 0 asks for one object after the other', async (t) => {
  const store = filled(new SlowStore(), 6)
  const { task, time } = await begin(store, { ...jsonl, 'prefetch.objects': 0 })
  const answering = setInterval(() => store.waiting.pop()?.(), 1)
  const records = await takeRecords(task, time, 18)
  clearInterval(answering)
  t.deepEqual(places(valuesOf(records)), expected(6))
  t.is(store.most, 1)
  await task.close()
})

test('an object that failed before its turn is asked for again in its turn', async (t) => {
  const store = filled(new MemoryStore(), 8)
  let failures = 2
  store.onOpen = (key) => {
    if (key === 'o004' && failures-- > 0) {
      throw Object.assign(new Error('slow down'), { statusCode: 503 })
    }
  }
  const { task, made, time } = await begin(store)
  t.deepEqual(places(valuesOf(await takeRecords(task, time, 24))), expected(8))
  t.is(made.iterator?.counts.retries, 2)
  await task.close()
})

test('an object that breaks off before its turn goes on where it broke off', async (t) => {
  const store = filled(new MemoryStore(), 4)
  let isFirst = true
  store.onChunk = (key, at) => {
    if (key !== 'o002' || at === 0 || !isFirst) return
    isFirst = false
    throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  }
  const { task, time } = await begin(store)
  t.deepEqual(places(valuesOf(await takeRecords(task, time, 12))), expected(4))
  await task.close()
})

test('what waits for its turn holds 8 MiB in all, and all of it is closed with the task', async (t) => {
  const store = new MemoryStore()
  store.chunkBytes = 64 * 1024
  const line = `${JSON.stringify({ id: 1, text: 'x'.repeat(1000) })}\n`
  for (let i = 0; i < 8; i++) store.put(`o${i}`, line.repeat(4000))
  const read = new Map<string, number>()
  store.onChunk = (key, at) => read.set(key, at)
  const { task, time } = await begin(store, { ...jsonl, 'max.queue.bytes': 65536 })
  await takeRecords(task, time, 10)
  const ahead = [...read].filter(([key]) => key !== 'o0')
  t.is(ahead.length, 7)
  for (const [key, at] of ahead) t.true(at <= 1 << 20, `${key}: ${at} bytes`)
  await task.close()
  t.is(store.closed, store.opened.length)
})

test('a listing that names an object twice has it read once', async (t) => {
  class TwiceStore extends MemoryStore {
    override async *list(startAfter: string | undefined): AsyncGenerator<StoredObject> {
      for await (const object of super.list(startAfter)) {
        yield object
        yield object
      }
    }
  }
  const { task, time } = await begin(filled(new TwiceStore(), 5))
  t.deepEqual(places(valuesOf(await takeRecords(task, time, 15))), expected(5))
  await task.close()
})

test('a listing that fails fails after the objects that were found before', async (t) => {
  class EndingStore extends MemoryStore {
    override async *list(startAfter: string | undefined): AsyncGenerator<StoredObject> {
      let left = 3
      for await (const object of super.list(startAfter)) {
        if (left-- === 0) throw Object.assign(new Error('no such bucket'), { code: 'stop' })
        yield object
      }
    }
  }
  const { task, time } = await begin(filled(new EndingStore(), 9))
  t.deepEqual(places(valuesOf(await takeRecords(task, time, 9))), expected(3))
  await t.throwsAsync(takeRecords(task, time, 1), { message: /listing failed: no such bucket/ })
})
