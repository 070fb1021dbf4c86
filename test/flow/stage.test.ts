import test from 'ava'
import type { Flow } from '#src/flow/flow.ts'
import { ExtensionStates } from '#src/state/extension-states.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { collect, feed, flowOf, payloads, planOf, type RuleSetup } from './rule.ts'

const rows = (...vs: unknown[]) => vs.map((v, i) => ({ payload: { v }, time: 1000 + i }))

test('as long as every answer comes at once, nothing waits', (t) => {
  const { flow } = asking('SELECT v, ask(v) AS a FROM demo', (v) => Number(v) * 2)
  const { emissions } = collect(flow, feed(rows(1, 2)))
  t.deepEqual(payloads(emissions), [[{ v: 1, a: 2 }], [{ v: 2, a: 4 }]])
})

test('rows keep their order, whichever answer comes first', async (t) => {
  const asked = new Map<unknown, (answer: unknown) => void>()
  const { flow, out } = asking('SELECT v, ask(v) AS a FROM demo', (v) =>
    v === 2 ? 'now' : new Promise((resolve) => asked.set(v, resolve)),
  )
  collect(flow, feed(rows(1, 2, 3)))
  asked.get(3)?.('third')
  await settled()
  t.deepEqual(out(), [])
  asked.get(1)?.('first')
  await flow.idle()
  t.deepEqual(out(), [[{ v: 1, a: 'first' }], [{ v: 2, a: 'now' }], [{ v: 3, a: 'third' }]])
})

test('no function is asked twice for a row, also when several are in one expression', async (t) => {
  const asked: unknown[] = []
  const { flow, out } = asking('SELECT ask(v) AS a, ask(ask(v) + 1) AS b FROM demo', (v) => {
    asked.push(v)
    return Promise.resolve(Number(v) * 10)
  })
  collect(flow, feed(rows(1)))
  await flow.idle()
  t.deepEqual(out(), [[{ a: 10, b: 110 }]])
  t.deepEqual(asked, [1, 1, 11])
})

test('an answer that fails is an error of its row', async (t) => {
  const { flow, out } = asking(
    'SELECT ask(v) AS a FROM demo',
    (v) => (v === 2 ? Promise.reject(new Error('no')) : Promise.resolve(v)),
    { options: { sendError: true } },
  )
  collect(flow, feed(rows(1, 2, 3)))
  await flow.idle()
  t.deepEqual(out(), [[{ a: 1 }], { error: 'no' }, [{ a: 3 }]])
})

test('a filter waits too, and what is not reached is not asked', async (t) => {
  const asked: unknown[] = []
  const { flow, out } = asking('SELECT v FROM demo WHERE v > 1 AND ask(v) = true', (v) => {
    asked.push(v)
    return Promise.resolve(v !== 3)
  })
  collect(flow, feed(rows(1, 2, 3, 4)))
  await flow.idle()
  t.deepEqual(out(), [[{ v: 2 }], [{ v: 4 }]])
  t.deepEqual(asked, [2, 3, 4])
})

test('the time waits in the queue with the rows, so a window behind the border closes in its turn', async (t) => {
  const { flow, out } = asking(
    'SELECT collect(ask(v)) AS a FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)',
    (v) => Promise.resolve(v),
  )
  collect(flow, feed(rows(1, 2)))
  collect(flow, feed([], { time: 2000 }))
  await flow.idle()
  t.deepEqual(out(), [[{ a: [1, 2] }]])
})

test('a window without rows waits in its turn, and is an emission of no rows behind the border', async (t) => {
  const answers: (() => void)[] = []
  const { flow, out } = asking(
    'SELECT v, ask(v) AS a FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)',
    (v) => (v === 1 ? new Promise((resolve) => answers.push(() => resolve(v))) : v),
  )
  collect(flow, feed(rows(1)))
  collect(flow, feed([], { time: 4000 }))
  t.deepEqual(out(), [])
  for (const answer of answers) answer()
  await flow.idle()
  t.deepEqual(out(), [[{ v: 1, a: 1 }], [], []])
  t.deepEqual(payloads(collect(flow, feed([], { time: 5000 })).emissions), [[]])
})

test('an emission stays together behind a window', async (t) => {
  const { flow, out } = asking(
    'SELECT v, ask(v) AS a FROM demo GROUP BY COUNTWINDOW(2) ORDER BY ask(v) DESC',
    (v) => (v === 1 ? Promise.resolve(v) : v),
  )
  collect(flow, feed(rows(1, 2, 3, 4)))
  await flow.idle()
  t.deepEqual(out(), [
    [
      { v: 2, a: 2 },
      { v: 1, a: 1 },
    ],
    [
      { v: 4, a: 4 },
      { v: 3, a: 3 },
    ],
  ])
})

test('a checkpoint waits for the answers', async (t) => {
  const answer = Promise.withResolvers<number>()
  const { flow, out } = asking('SELECT ask(v) AS a FROM demo', () => answer.promise)
  collect(flow, feed(rows(1)))
  const taken = flow.checkpoint()
  t.true(taken instanceof Promise)
  answer.resolve(7)
  t.deepEqual((await taken).positions, [1])
  t.deepEqual(out(), [[{ a: 7 }]])
})

test('when too many rows wait, collect settles only when there is room', async (t) => {
  const waiting: ((value: unknown) => void)[] = []
  const { flow } = asking(
    'SELECT ask(v) AS a FROM demo',
    () => new Promise((resolve) => waiting.push(resolve)),
  )
  const collected = flow.collect([feed(rows(...Array.from({ length: 5000 }, (_, v) => v)))])
  t.true(collected instanceof Promise)
  t.is(waiting.length, 64)
  for (let i = 0; i < 5000; i++) {
    waiting[i]?.(i)
    if (waiting.length === i + 1) await settled()
  }
  await collected
  t.is(flow.metrics().counters[9], 5000)
})

test('the end of a bounded source waits for everything', async (t) => {
  const { flow, out } = asking('SELECT ask(v) AS a FROM demo', (v) => Promise.resolve(v))
  const last = await flow.collect([feed(rows(1), { end: true })])
  t.true(last.done)
  t.deepEqual([...out(), ...payloads(last.emissions)], [[{ a: 1 }]])
})

test('rows are grouped by answers that had to be waited for', async (t) => {
  const { flow, out } = asking(
    'SELECT k, count(*) AS c FROM demo GROUP BY ask(v), k, COUNTWINDOW(2)',
    (v) => Promise.resolve(v),
  )
  collect(flow, feed(rows(1, 1)))
  await flow.idle()
  t.deepEqual(out(), [[{ c: 2 }]])
})

test('what rows begin behind a border tells the host when it wants to be told the time', async (t) => {
  const answered = (v: unknown) => Promise.resolve(v)
  const batch = { type: 'log', props: { batchSize: 10, lingerInterval: 500 } }
  for (const [sql, actions] of [
    ['SELECT ask(v) AS a FROM demo', [batch]],
    ['SELECT count(*) AS c FROM demo WHERE ask(v) > 0 GROUP BY TUMBLINGWINDOW(ss, 10)', undefined],
  ] as const) {
    const { flow, wakes } = asking(sql, answered, actions && { actions })
    t.is(collect(flow, feed(rows(1))).wakeAt, null, sql)
    await flow.idle()
    t.is(wakes.length, 1, sql)
    t.is(wakes[0], flow.wakeAt, sql)
    t.true(Number.isFinite(wakes[0]), sql)
  }
})

function asking(sql: string, ask: (...args: unknown[]) => unknown, setup?: RuleSetup) {
  const outside: Emission[] = []
  const wakes: (number | null)[] = []
  const flow: Flow = flowOf(planOf(sql, setup), {
    emitted: (emissions, wakeAt) => {
      outside.push(...emissions)
      wakes.push(wakeAt)
    },
    plugins: {
      call: () => ask,
      aggregator: () => {
        throw new Error('none')
      },
      sink: () => undefined,
      states: new ExtensionStates(),
    },
  })
  return { flow, wakes, out: () => payloads(outside) }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
