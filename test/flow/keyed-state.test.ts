import test from 'ava'
import { KeyedState } from '#src/flow/keyed-state.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { collect, feed, flowOf, payloads, planOf, type RuleSetup } from './rule.ts'

const functions = builtInFunctions()
const rows = (...keys: unknown[]) => keys.map((k, i) => ({ payload: { k }, time: 1000 + i }))

/** A flow, and what it asks for; `values` can be changed. */
function asking(sql: string, values: Record<string, unknown>, setup: RuleSetup = {}) {
  const asked: (readonly string[])[] = []
  const state = { now: 1000 }
  const keyed = new KeyedState({
    now: () => state.now,
    ask: async (keys) => {
      asked.push(keys)
      return keys.map((key) => values[key] ?? null)
    },
  })
  const plan = planOf(sql, { functions, ...setup })
  const emitted: Emission[] = []
  const environment = {
    ruleId: 'rule',
    startedAt: 0,
    timeZone: 'UTC',
    now: () => state.now,
    props: {},
    keyedState: (key: string) => keyed.get(key),
  }
  const flow = flowOf(plan, {
    functions,
    environment,
    emitted: (emissions) => emitted.push(...emissions),
  })
  const send = async (...keys: unknown[]) => {
    emitted.push(...collect(flow, feed(rows(...keys))).emissions)
    await flow.idle()
    return payloads(emitted.splice(0))
  }
  return { flow, send, asked, state }
}

test('a value is found under its key, as the type asked for; the default where there is none', async (t) => {
  const sql = 'SELECT get_keyed_state(k, "bigint", -1) AS v FROM demo'
  const { send, asked } = asking(sql, { a: 5, b: '9007199254740993', c: true })
  t.deepEqual(await send('a', 'b', 'c', 'd', null), [
    [{ v: 5 }],
    [{ v: Number('9007199254740993') }],
    [{ v: 1 }],
    [{ v: -1 }],
    [{ v: -1 }],
  ])
  t.deepEqual(asked, [['a', 'b', 'c', 'd']])
})

test('keys are asked for together, and once in a second', async (t) => {
  const values: Record<string, unknown> = { a: 'x' }
  const sql = 'SELECT get_keyed_state(k, "string", "none") AS v FROM demo'
  const { send, asked, state } = asking(sql, values)
  t.deepEqual(await send('a', 'b', 'a'), [[{ v: 'x' }], [{ v: 'none' }], [{ v: 'x' }]])
  Object.assign(values, { a: 'y', b: 'z' })
  state.now += 999
  t.deepEqual(await send('b', 'a'), [[{ v: 'none' }], [{ v: 'x' }]])
  state.now += 1
  t.deepEqual(await send('b', 'a'), [[{ v: 'z' }], [{ v: 'y' }]])
  t.deepEqual(asked, [
    ['a', 'b'],
    ['b', 'a'],
  ])
})

test('it filters, and stands in windows, groups and analytic functions', async (t) => {
  const values = { a: 1, b: 2 }
  const where = asking('SELECT k FROM demo WHERE get_keyed_state(k, "bigint", 0) > 1', values)
  t.deepEqual(await where.send('a', 'b', 'c'), [[{ k: 'b' }]])
  const lag = asking('SELECT lag(get_keyed_state(k, "bigint", 0)) AS l FROM demo', values)
  t.deepEqual(await lag.send('a', 'b', 'c'), [[{}], [{ l: 1 }], [{ l: 2 }]])
  const sum = asking(
    'SELECT sum(get_keyed_state(k, "bigint", 10)) AS s FROM demo GROUP BY COUNTWINDOW(3)',
    values,
  )
  t.deepEqual(await sum.send('a', 'b', 'c'), [[{ s: 13 }]])
})

test('what is no such value is an error of the row', async (t) => {
  const sql = 'SELECT get_keyed_state(k, "bigint", 0) AS v FROM demo'
  const { send } = asking(sql, { a: 'x', b: 2 }, { options: { sendError: true } })
  t.deepEqual(await send('a', 'b'), [
    { error: 'call func get_keyed_state error: cannot convert string(x) to int64' },
    [{ v: 2 }],
  ])
})

test('a host that does not answer is an error of the row', async (t) => {
  const keyed = new KeyedState({ now: () => 0, ask: () => Promise.reject(new Error('gone')) })
  await t.throwsAsync(Promise.resolve(keyed.get('a')), { message: 'gone' })
  await t.throwsAsync(Promise.resolve(keyed.get('a')), { message: 'gone' })
})

test('a type that is none, or a join condition, is refused', (t) => {
  t.throws(() => planOf('SELECT get_keyed_state(k, "bytea", 0) FROM demo', { functions }), {
    message:
      'validate function get_keyed_state error: expect one of following value for the 2nd parameter: bigint, float, string, boolean, datetime (line 1, column 8)',
  })
  t.throws(() => planOf('SELECT get_keyed_state(k, "bigint") FROM demo', { functions }), {
    message: /Expect 3 arguments but found 2/,
  })
})
