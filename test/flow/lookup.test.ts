import test, { type ExecutionContext } from 'ava'
import type { AskLookup } from '#src/flow/compilation.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Row } from '#src/operators/operator.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { flowOf, payloads } from './rule.ts'
import { feedsAt, type Input, planStreams, type StreamsSetup, sequenced } from './streams.ts'

const { stringify } = JSON
const S = 'CREATE STREAM s (id BIGINT, v BIGINT) WITH ()'
const T = 'CREATE TABLE t () WITH (DATASOURCE="t", TYPE="memory", KIND="lookup", KEY="id")'
const setup: StreamsSetup = { streams: [S, T] }
const LEFT = 'SELECT v, name FROM s LEFT JOIN t ON s.id = t.id'

test('each row is joined with what the table has for it, in the order of the stream', async (t) => {
  const table = tableOf({ 1: [{ name: 'one' }], 2: [{ name: 'two' }, { name: 'zwei' }] })
  t.deepEqual(await run(t, LEFT, [1, 3, 2, null], table), [
    [{ v: 0, name: 'one' }],
    [{ v: 1 }],
    [
      { v: 2, name: 'two' },
      { v: 2, name: 'zwei' },
    ],
    [{ v: 3 }],
  ])
  const inner = 'SELECT v, name FROM s INNER JOIN t ON s.id = t.id AND name != "zwei"'
  t.deepEqual(await run(t, inner, [1, 3, 2], table), [
    [{ v: 0, name: 'one' }],
    [{ v: 2, name: 'two' }],
  ])
})

test('rows that come together are one call of the host, equal keys are asked for once', async (t) => {
  const table = tableOf({ 1: [{ name: 'one' }] })
  await run(t, LEFT, [1, 1, 2, 1, 2], table)
  t.deepEqual(table.calls, [{ source: 1, columns: ['id'], keys: [[1], [2]] }])
})

test('a thousand keys are several calls', async (t) => {
  const table = tableOf({})
  const ids = Array.from({ length: 1100 }, (_, i) => i)
  t.is((await run(t, LEFT, ids, table)).length, 1100)
  t.deepEqual(
    table.calls.map(({ keys }) => keys.length),
    [512, 512, 76],
  )
})

test('a look-up that fails is the error of the rows that asked', async (t) => {
  const ask: AskLookup = async (_source, _columns, keys) => {
    if (keys.some(([id]) => id === 7)) throw new Error('the table is closed')
    return keys.map(() => [])
  }
  t.deepEqual(await run(t, LEFT, [7], { ask }), [{ error: 'the table is closed' }])
})

test('with payloadField a row of the table is what its payload holds; one that is broken fails the rows that asked for it', async (t) => {
  const payload = { field: 'data', format: 'json', delimiter: '' } as const
  const nested: StreamsSetup = { ...setup, payload: { t: payload }, lookup: { cacheTtlMs: 0 } }
  const table = tableOf({
    1: [{ name: 'around', data: '[{"name":"one"},{"name":"uno"}]' }],
    2: [{ data: '{"name":' }],
    3: [{ id: 3, data: new TextEncoder().encode('{"name":"three"}') }],
  })
  const [first, broken, third, ...more] = await run(t, LEFT, [1, 2, 3, 1], table, nested)
  t.deepEqual(first, [
    { v: 0, name: 'one' },
    { v: 0, name: 'uno' },
  ])
  t.regex(stringify(broken), /"payload in field \\"data\\": payload is not JSON: /)
  t.deepEqual(third, [{ v: 2, name: 'three' }])
  t.deepEqual(more, [
    [
      { v: 3, name: 'one' },
      { v: 3, name: 'uno' },
    ],
  ])
  const inner = 'SELECT t.* FROM s INNER JOIN t ON s.id = t.id'
  t.deepEqual(await run(t, inner, [3], table, nested), [[{ name: 'three' }]])
})

test('with a cache a key is asked for once, and again when its time is over', async (t) => {
  const cached: StreamsSetup = { ...setup, lookup: { cacheTtlMs: 100, cacheMissing: false } }
  const table = tableOf({ 1: [{ name: 'one' }] })
  const clock = { now: 0 }
  const flow = flowOfLookups(cached, table, clock)
  for (const now of [0, 99, 100]) {
    clock.now = now
    await flow.feed([1, 2])
  }
  t.deepEqual(
    table.calls.map(({ keys }) => keys),
    [[[1], [2]], [[2]], [[1], [2]]],
  )
})

test('that there is nothing is kept with cacheMissingKey', async (t) => {
  const cached: StreamsSetup = { ...setup, lookup: { cacheTtlMs: 0, cacheMissing: true } }
  const table = tableOf({})
  const flow = flowOfLookups(cached, table, { now: 0 })
  await flow.feed([2])
  await flow.feed([2])
  t.is(table.calls.length, 1)
})

test('a window of several streams is joined first, then looked up', async (t) => {
  const three: StreamsSetup = {
    streams: [S, 'CREATE STREAM r (id BIGINT, w BIGINT) WITH ()', T],
  }
  const sql =
    'SELECT v, w, name FROM s INNER JOIN t ON s.id = t.id INNER JOIN r ON r.id = s.id GROUP BY TUMBLINGWINDOW(ss, 1)'
  const plan = planStreams(sql, three)
  t.deepEqual(
    plan.sources.map(({ name }) => name),
    ['s', 'r', 't'],
  )
  const table = tableOf({ 1: [{ name: 'one' }] })
  const flow = flowOf(plan, { functions: builtInFunctions(), askLookup: table.ask })
  const inputs: Input[] = [
    { from: 's', payload: { id: 1, v: 5 }, time: 10 },
    { from: 'r', payload: { id: 1, w: 6 }, time: 20 },
    { from: 'r', payload: { id: 2, w: 7 }, time: 30 },
  ]
  const { emissions } = await flow.collect(feedsAt(plan, sequenced(inputs), 2000, true))
  t.deepEqual(payloads(emissions), [[{ v: 5, w: 6, name: 'one' }]])
})

const refused = test.macro({
  exec(t, sql: string, message: string) {
    t.throws(() => planStreams(sql, setup), { message })
  },
  title: (_, sql) => `refused: ${sql}`,
})
test(
  refused,
  'SELECT v FROM s INNER JOIN t ON s.id > t.id',
  'join condition of lookup table t is invalid, at least one equi-join predicate is required (line 1, column 33); write ON s.x = t.id',
)
test(
  refused,
  'SELECT v FROM s RIGHT JOIN t ON s.id = t.id',
  'RIGHT JOIN with lookup table t (line 1, column 28); use INNER JOIN or LEFT JOIN',
)

interface Table {
  readonly ask: AskLookup
}

function tableOf(rows: Readonly<Record<string, readonly Row[]>>) {
  const calls: { source: number; columns: readonly string[]; keys: readonly unknown[] }[] = []
  const ask: AskLookup = async (source, columns, keys) => {
    calls.push({ source, columns, keys })
    return keys.map(([id]) => rows[String(id)] ?? [])
  }
  return { ask, calls }
}

function flowOfLookups(of: StreamsSetup, { ask }: Table, clock: { now: number }) {
  const plan = planStreams(LEFT, of)
  const flow = flowOf(plan, {
    functions: builtInFunctions(),
    askLookup: ask,
    environment: { ruleId: 'rule', startedAt: 0, timeZone: 'UTC', now: () => clock.now, props: {} },
  })
  return {
    async feed(ids: readonly number[]) {
      await flow.collect(feedsAt(plan, inputsOf(ids), 5000))
      await flow.idle()
    },
  }
}

async function run(
  _t: ExecutionContext,
  sql: string,
  ids: readonly (number | null)[],
  { ask }: Table,
  of: StreamsSetup = setup,
): Promise<unknown[]> {
  const plan = planStreams(sql, of)
  const left: Emission[] = []
  const emitted = (emissions: readonly Emission[]) => left.push(...emissions)
  const flow = flowOf(plan, { functions: builtInFunctions(), askLookup: ask, emitted })
  const { emissions } = await flow.collect(feedsAt(plan, inputsOf(ids), 5000, true))
  return payloads([...left, ...emissions])
}

function inputsOf(ids: readonly (number | null)[]) {
  return sequenced(ids.map((id, v) => ({ from: 's', payload: { id, v }, time: 1000 + v })))
}
