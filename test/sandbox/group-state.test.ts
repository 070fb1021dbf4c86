import test, { type ExecutionContext } from 'ava'
import type { Emission } from '#src/worker/protocol.ts'
import { payloads } from '#test/flow/rule.ts'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread, type TestRule } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

async function start(
  t: ExecutionContext,
  sql: string,
  text: string,
  { isAggregate, ...extra }: Partial<TestRule> & { isAggregate?: true } = {},
): Promise<RuleThread> {
  const plugins = [
    { kind: 'function', name: 'f', text, isAggregate: isAggregate === true } as const,
  ]
  const thread = new RuleThread({ entry, tier: 'sandboxed', sql, plugins, ...extra })
  t.teardown(() => thread.end())
  await thread.open()
  return thread
}

const counting = (scope: string) => `exports.f = {
  ${scope}
  validate(args) { if (args.length !== 1) throw new Error('one argument, not ' + args.length) },
  exec([a], ctx) { ctx.incrCounter('n', 1); return ctx.getCounter('n') },
}`
const byGroup = counting(`state: 'group',`)
const numbers = (rows: readonly unknown[]) => rows.map((row) => (row as { n: unknown }).n)
const inWindows = 'SELECT k, f(count(*)) AS n FROM demo GROUP BY k, COUNTWINDOW(3)'

test('a function that asks for it keeps its state by group, over windows', async (t) => {
  const rule = await start(t, inWindows, byGroup)
  const rows = await rule.rows(['a', 'a', 'b', 'a', 'b', 'c', 'a', 'a', 'a'].map((k) => ({ k })))
  t.deepEqual(rows, [
    { k: 'a', n: 1 },
    { k: 'b', n: 1 },
    { k: 'a', n: 2 },
    { k: 'b', n: 2 },
    { k: 'c', n: 1 },
    { k: 'a', n: 3 },
  ])
})

test('one that does not has one state for all groups, as before', async (t) => {
  for (const scope of ['', `state: 'rule',`]) {
    const rule = await start(t, inWindows, counting(scope))
    const rows = await rule.rows(['a', 'b', 'c'].map((k) => ({ k })))
    t.deepEqual(numbers(rows), [1, 2, 3])
  }
})

test('the state of all groups is part of the checkpoint', async (t) => {
  const first = await start(t, inWindows, byGroup)
  await first.rows(['a', 'b', 'b'].map((k) => ({ k })))
  const { state } = await first.remote.checkpoint(1)
  const second = await start(t, inWindows, byGroup, { params: { state } })
  t.deepEqual(await second.rows(['b', 'c', 'a'].map((k) => ({ k }))), [
    { k: 'b', n: 2 },
    { k: 'c', n: 1 },
    { k: 'a', n: 2 },
  ])
})

test('groups are told apart by what their keys are, several and structured ones too', async (t) => {
  const sql = 'SELECT f(count(*)) AS n FROM demo GROUP BY a, b, COUNTWINDOW(1)'
  const rule = await start(t, sql, byGroup)
  const pairs = [
    ['x', 'y'],
    ['x","y', ''],
    ['x', ['y']],
    [1, 'y'],
    ['1', 'y'],
    [null, 'y'],
    ['x', { p: 1, q: 2 }],
  ]
  for (const turn of [1, 2]) {
    const rows = await rule.rows(pairs.map(([a, b]) => ({ a, b })))
    t.deepEqual(
      numbers(rows),
      pairs.map(() => turn),
    )
  }
  t.deepEqual(await rule.rows([{ a: 'x', b: { q: 2, p: 1 } }]), [{ n: 3 }])
})

test('a statement without GROUP BY has one group', async (t) => {
  const rule = await start(t, 'SELECT f(k) AS n FROM demo', byGroup)
  t.deepEqual(await rule.rows([{ k: 'a' }, { k: 'b' }]), [{ n: 1 }, { n: 2 }])
})

test('an aggregate over arrays has the state of its group, and HAVING and arguments too', async (t) => {
  const sum = `exports.f = { state: 'group', isAggregate: () => true, exec([values], ctx) {
    ctx.putState('sum', (ctx.getState('sum') ?? 0) + values.reduce((a, b) => a + b, 0))
    return ctx.getState('sum')
  } }`
  const rule = await start(t, 'SELECT k, f(v) AS s FROM demo GROUP BY k, COUNTWINDOW(2)', sum, {
    isAggregate: true,
  })
  const rows = [
    { k: 'a', v: 1 },
    { k: 'b', v: 10 },
    { k: 'a', v: 2 },
    { k: 'a', v: 3 },
  ]
  t.deepEqual(await rule.rows(rows), [
    { k: 'a', s: 1 },
    { k: 'b', s: 10 },
    { k: 'a', s: 6 },
  ])
  const argument = 'SELECT k, sum(f(v)) AS s FROM demo GROUP BY k, COUNTWINDOW(2)'
  t.deepEqual(await (await start(t, argument, byGroup)).rows(rows), [
    { k: 'a', s: 1 },
    { k: 'b', s: 1 },
    { k: 'a', s: 5 },
  ])
  const having = 'SELECT k, sum(v) AS s FROM demo GROUP BY k, COUNTWINDOW(2) HAVING f(count(*)) > 1'
  t.deepEqual(await (await start(t, having, byGroup)).rows(rows), [{ k: 'a', s: 5 }])
})

test('what waits keeps its group meanwhile', async (t) => {
  const waiting = `exports.f = { state: 'group', async exec([n], ctx) {
    await new Promise((wake) => setTimeout(wake, n === 1 ? 30 : 1))
    ctx.incrCounter('n', 1)
    return ctx.getCounter('n')
  } }`
  const rule = await start(
    t,
    'SELECT k, f(sum(n)) AS n FROM demo GROUP BY k, COUNTWINDOW(1)',
    waiting,
  )
  const rows = [
    { k: 'a', n: 1 },
    { k: 'b', n: 2 },
    { k: 'a', n: 1 },
  ]
  const found: unknown[] = await rule.rows(rows)
  const left = () => rule.of('emit').flatMap(({ args }) => payloads(args[1] as Emission[]).flat())
  for (let i = 0; i < 1000 && found.length + left().length < 3; i++) {
    await new Promise((wake) => setTimeout(wake, 10))
  }
  found.push(...left())
  t.deepEqual(found, [
    { k: 'a', n: 1 },
    { k: 'b', n: 1 },
    { k: 'a', n: 2 },
  ])
})

test('where rows have no group yet it is refused, with the way out', async (t) => {
  for (const sql of [
    'SELECT k FROM demo WHERE f(k) > 1 GROUP BY k, COUNTWINDOW(2)',
    'SELECT count(*) AS n FROM demo GROUP BY f(k), COUNTWINDOW(2)',
  ]) {
    const refused: unknown = await start(t, sql, byGroup).catch((error: unknown) => error)
    t.regex((refused as Error).message, /call it in SELECT, HAVING or ORDER BY/)
  }
})
