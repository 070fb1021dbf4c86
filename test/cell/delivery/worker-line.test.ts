import test from 'ava'
import { type SinkWorker, WorkerLine } from '#host/cell/delivery/worker-line.ts'

const worker: SinkWorker = {
  deliver: () => Promise.reject(new Error('not asked')),
  ended: new Promise(() => {}),
}
const { signal } = new AbortController()
const pause = (ms = 40) => new Promise((resolve) => setTimeout(resolve, ms))

/** Turns that last until they are ended. */
function turns(line: WorkerLine) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  return {
    begun,
    end: (name: string) => ends.get(name)?.(),
    take: (name: string, who: object) =>
      line.turn(who, signal, async () => {
        begun.push(name)
        await new Promise<void>((end) => ends.set(name, end))
      }),
  }
}

test('two that wait under suspicion get the worker one after the other, and others when both are through', async (t) => {
  const calm: number[] = []
  const line = new WorkerLine(() => calm.push(1))
  const [a, b, c] = [{}, {}, {}]
  const { begun, end, take } = turns(line)
  line.setCareful(a, true)
  line.setCareful(b, true)
  const all = [take('c', c), take('a', a), take('b', b)]
  line.connect(worker, () => true)
  await pause()
  t.deepEqual(begun, ['a'])
  end('a')
  await pause()
  t.deepEqual(begun, ['a', 'b'])
  line.setCareful(a, false)
  end('b')
  await pause()
  t.deepEqual([begun.length, calm.length], [2, 0])
  line.setCareful(b, false)
  await pause()
  t.deepEqual([begun, calm.length], [['a', 'b', 'c'], 1])
  end('c')
  await Promise.all(all)
})

test('what is under suspicion waits for the rows before it, what is not does not', async (t) => {
  const line = new WorkerLine(() => {})
  let isQuiet = false
  line.connect(worker, () => isQuiet)
  const [a, b] = [{}, {}]
  const { begun, end, take } = turns(line)
  const first = take('b', b)
  await pause()
  t.deepEqual(begun, ['b'])
  end('b')
  await first
  line.setCareful(a, true)
  const second = take('a', a)
  await pause()
  t.deepEqual(begun, ['b'])
  isQuiet = true
  await pause()
  t.deepEqual(begun, ['b', 'a'])
  end('a')
  await second
})

test('whoever waits for rows that are never through stops waiting with its signal', async (t) => {
  const line = new WorkerLine(() => {})
  line.connect(worker, () => false)
  const a = {}
  line.setCareful(a, true)
  const abort = new AbortController()
  const waiting = line.turn(a, abort.signal, async () => t.fail())
  setTimeout(() => abort.abort(new Error('closed')), 20)
  await t.throwsAsync(waiting, { message: 'closed' })
})
