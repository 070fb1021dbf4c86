import { NotConnected, Retryable } from '@plutino/sdk'
import {
  AbstractSourceTask,
  Backoff,
  fromSweep,
  type SourceRecord,
  Timer,
} from '@plutino/sdk/object-source'
import test, { type ExecutionContext } from 'ava'
import {
  lines,
  MemoryStore,
  memoryLog,
  recordOf,
  setup,
  stepIterator,
  storeTask,
  TestTask,
  takeRecords,
  VirtualTime,
} from './rig.ts'

async function started(
  t: ExecutionContext,
  steps: Parameters<typeof stepIterator>[0],
  props: Readonly<Record<string, unknown>> = {},
) {
  const time = new VirtualTime()
  const iterator = stepIterator(steps)
  const task = new TestTask(() => iterator)
  const given = setup(time)
  await task.start(given, props)
  t.teardown(() => time.until(task.close()))
  return { time, iterator, task, log: given.logger }
}

type Run = Awaited<ReturnType<typeof started>>

/** Polls every so often. @returns the sizes of what came, and when it was over */
async function polled({ task, time }: Run, everyMs: number, forMs: number) {
  const sizes: number[] = []
  const seen: unknown[] = []
  const end = time.now() + forMs
  while (time.now() < end) {
    const records = await time.until(task.poll())
    if (records !== null) {
      sizes.push(records.length)
      seen.push(...records.map(({ sourceOffset }) => sourceOffset.n))
    }
    await time.pass(everyMs)
  }
  return { sizes, seen }
}

test('J12: 5 records polled every 100 ms all arrive within 5 s', async (t) => {
  t.deepEqual((await polled(await started(t, [1, 2, 3, 4, 5]), 100, 5000)).seen, [1, 2, 3, 4, 5])
})

test('J13: hasNext throws a retryable error on every other call, and all 5 still arrive within 5 s', async (t) => {
  const again = new Retryable('again')
  const run = await started(t, [
    again,
    1,
    new NotConnected('gone'),
    2,
    again,
    3,
    again,
    4,
    again,
    5,
  ])
  t.deepEqual((await polled(run, 100, 5000)).seen, [1, 2, 3, 4, 5])
  t.true(run.log.lines.some((line) => line.startsWith('warn reading: again')))
})

test('J14: next takes 6 s per record, and 3 records arrive within 20 s', async (t) => {
  const steps: (() => Promise<number>)[] = []
  const run = await started(t, steps)
  await run.time.until(run.task.close())
  const slow = (n: number) => () => run.time.sleep(6000).then(() => n)
  const fresh = new TestTask(() => stepIterator([slow(1), slow(2), slow(3)]))
  await fresh.start(setup(run.time))
  const { seen } = await polled({ ...run, task: fresh }, 1000, 20_000)
  t.deepEqual(seen, [1, 2, 3])
  await run.time.until(fresh.close())
})

test('J15: of 3 records by 2 a poll come exactly two polls, of 2 and of 1', async (t) => {
  const run = await started(t, [1, 2, 3], { 'max.poll.records': 2 })
  await run.time.pass(100)
  t.deepEqual((await polled(run, 10, 3000)).sizes, [2, 1])
})

test('J16: a task that was stopped polls null at once', async (t) => {
  const { task, time } = await started(t, [1, 2, 3])
  task.stop()
  const before = time.now()
  t.is(await task.poll(), null)
  t.is(time.now(), before)
})

test('J17: with nothing there the log says so, and it waits', async (t) => {
  const { time, log } = await started(t, [])
  await time.pass(100)
  t.true(log.lines.some((line) => /no records/.test(line)))
  t.true(time.slept.length > 3)
})

test('E7: with no data for 10 s it asks fewer than 25 times, and polls do not spin', async (t) => {
  const { time, iterator, task } = await started(t, [])
  let polls = 0
  while (time.now() < 10_000) {
    t.is(await time.until(task.poll()), null)
    polls++
  }
  t.true(iterator.asked < 25, `asked ${iterator.asked} times`)
  t.true(polls < 25, `polled ${polls} times`)
})

test('E8: a plain error after 3 records: first the 3, then a rejection whose cause is that error', async (t) => {
  const error = new Error('disk on fire')
  const { task, time } = await started(t, [1, 2, 3, error])
  await time.pass(10)
  t.is((await task.poll())?.length, 3)
  await time.until(task.poll()).catch(() => {})
  const failure = await t.throwsAsync(time.until(task.poll()), {
    code: 'reading-failed',
    message: 'reading failed after 3 records: disk on fire',
  })
  t.is(failure?.cause, error)
})

test('E9: when the consumer drains a full queue, reading goes on at once, not after a back-off', async (t) => {
  const { task, time } = await started(t, [1, 2, 3, 4, 5, 6], { 'max.poll.records': 2 })
  await time.pass(0)
  const before = time.now()
  const sizes = []
  for (let i = 0; i < 3; i++) {
    sizes.push((await time.until(task.poll()))?.length)
    await new Promise(setImmediate)
  }
  t.deepEqual([sizes, time.now()], [[2, 2, 2], before])
})

for (const where of ['asleep', 'listing', 'reading'] as const) {
  test(`E10, E55: stopped while ${where}, resources are closed exactly once within 5 s, without another poll`, async (t) => {
    const time = new VirtualTime()
    let aborted = 0
    const hang = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted++
          reject(new Error('aborted'))
        })
      })
    const task = new TestTask((_, { signal }) =>
      where === 'asleep'
        ? stepIterator([])
        : { hasNext: () => (where === 'reading' ? true : hang(signal)), next: () => hang(signal) },
    )
    await task.start(setup(time))
    await time.pass(50)
    const before = time.now()
    task.stop()
    task.stop()
    await time.until(task.close())
    t.is(task.closes, 1)
    t.is(aborted, where === 'asleep' ? 0 : 1)
    t.true(time.now() - before < 5000)
  })
}

test('reading that does not heed the signal does not keep resources from being closed', async (t) => {
  const time = new VirtualTime()
  const task = new TestTask(() => ({
    hasNext: () => new Promise(() => {}),
    next: () => recordOf(1),
  }))
  await task.start(setup(time))
  await time.until(task.close())
  t.is(task.closes, 1)
  t.true(time.now() <= 5000)
})

test('E11: closing that never ends is left at 5 s, and the log says so', async (t) => {
  const { task, time, log } = await started(t, [])
  task.onClose = () => new Promise(() => {})
  const before = time.now()
  await time.until(task.close())
  t.is(time.now() - before, AbstractSourceTask.CLOSE_TIMEOUT_MS)
  t.true(log.lines.includes('error not closed within 5000 ms; left to itself'))
})

test('E12: when configure or getIterator throws, start rejects and what was opened is closed', async (t) => {
  const noIterator = new TestTask(() => {
    throw new Error('no connection')
  })
  await t.throwsAsync(noIterator.start(setup(new VirtualTime())), { message: 'no connection' })
  t.is(noIterator.closes, 1)
  const wrong = new TestTask(() => stepIterator([]))
  await t.throwsAsync(wrong.start(setup(new VirtualTime()), { 'max.poll.records': 0 }), {
    code: 'configuration',
  })
  t.is(wrong.closes, 1)
})

test('E13: after five times nothing a record is delivered, and the back-off starts anew', async (t) => {
  const run = await started(t, [false, false, false, false, false, 1])
  t.deepEqual((await polled(run, 10, 1000)).seen, [1])
  const { slept } = run.time
  const doubling = slept.filter((ms) => ms !== 10)
  t.true(doubling.filter((ms) => ms === 2).length >= 2)
})

test('E14: without a consumer never more than twice max.poll.records are read ahead, nor more than the bytes', async (t) => {
  const many = Array.from({ length: 100 }, (_, i) => i)
  let taken = 0
  const counting = (bytes: number) => ({
    hasNext: () => taken < many.length,
    next: (): SourceRecord => ({ ...recordOf(taken++), bytes }),
  })
  for (const [bytes, expected] of [
    [1, 10],
    [300, 4],
  ] as const) {
    taken = 0
    const time = new VirtualTime()
    const task = new TestTask(() => counting(bytes))
    await task.start(setup(time), { 'max.poll.records': 5, 'max.queue.bytes': 1000 })
    await time.pass(10_000)
    t.is(taken, expected)
    await time.until(task.close())
  }
})

test('an iterator may go without a back-off, or have one of its own within a timer', async (t) => {
  const time = new VirtualTime()
  const waits: number[] = []
  const task = new TestTask((_self, context) => {
    const timer = new Timer(1000, time.now)
    timer.start()
    const own = new Backoff(timer.getBackoffConfig(), context)
    let failures = 3
    return fromSweep(context.signal, async function* () {
      for (; failures > 0; failures--) {
        waits.push(own.estimatedDelay())
        await own.delay(context.signal)
      }
      yield recordOf(1)
    })
  })
  await task.start(setup(time))
  t.is((await takeRecords(task, time, 1)).length, 1)
  t.deepEqual(waits, [2, 4, 8])
  t.like(task.backoff, { applyTimerRule: false })
  t.is(task.backoff?.timeRemaining(), 4000)
  await time.until(task.close())
})

test('a sweep starts again when it has come to its end', async (t) => {
  let sweeps = 0
  const iterator = fromSweep(new AbortController().signal, async function* () {
    sweeps++
    yield sweeps
  })
  const got = []
  for (let i = 0; i < 3; i++) {
    t.true(await iterator.hasNext())
    got.push(await iterator.next())
    t.false(await iterator.hasNext())
  }
  t.deepEqual(got, [1, 2, 3])
  await iterator[Symbol.asyncDispose]?.()
})

test('E60: a rewind while it runs drops what was read ahead and goes on from there', async (t) => {
  const store = new MemoryStore()
  for (const name of ['a', 'b']) store.put(name, lines(name, 5))
  const time = new VirtualTime()
  const { task } = storeTask(store)
  await task.start({ ...setup(time), logger: memoryLog() }, { 'input.format': 'jsonl' })
  const ids: unknown[] = []
  let offset: unknown
  for (let i = 0; i < 3; i++) {
    await time.until(task.waitForRecords())
    const record = task.takeRecord()
    ids.push((record?.value.value as { id: number } | undefined)?.id)
    if (i === 0) offset = task.getOffset()
  }
  await time.until(task.rewind(offset))
  while (ids.length < 8) {
    await time.until(task.waitForRecords())
    const record = task.takeRecord()
    if (record !== undefined) ids.push((record.value.value as { id: number }).id)
  }
  t.deepEqual(ids, [0, 1, 2, 1, 2, 3, 4, 0])
  await t.throwsAsync(task.rewind({ v: 2 }), { code: 'state', message: /version 1/ })
  await time.until(task.close())
})
