import test, { type ExecutionContext } from 'ava'
import { entryOf } from './bundle.ts'
import { RuleThread, type TestRule } from './rule-thread.ts'

const bare = await entryOf('bare')
const sandboxed = await entryOf('sandboxed')
const trusted = await entryOf('trusted')

const echo = {
  kind: 'function',
  name: 'echo',
  text: 'exports.echo = { exec: ([value]) => value, isAggregate: () => false }',
} as const

function start(t: ExecutionContext, rule: Omit<TestRule, 'entry'>): RuleThread {
  const entry = { bare, sandboxed, trusted }[rule.tier]
  const thread = new RuleThread({ entry, ...rule })
  t.teardown(() => thread.end())
  return thread
}

test('a rule without plugins runs in a bare worker, and the task ends with its last flow', async (t) => {
  const rule = start(t, { tier: 'bare', sql: 'SELECT a + 1 AS b FROM demo WHERE a > 1' })
  t.deepEqual(await rule.open(), { wakeAt: null, dropped: [], resettable: [] })
  t.deepEqual(await rule.rows([{ a: 1 }, { a: 2 }, { a: 3 }]), [{ b: 3 }, { b: 4 }])
  await rule.remote.close(1)
  t.is(await rule.task, 'done')
})

test('a bare worker refuses a rule with plugins', async (t) => {
  const rule = start(t, { tier: 'bare', sql: 'SELECT echo(a) AS b FROM demo', plugins: [echo] })
  const thrown = await t.throwsAsync(rule.open(), { any: true })
  t.deepEqual(thrown, {
    code: 'bad-plan',
    message: 'rule "rule" uses plugins, this worker runs none',
  })
})

test('a function of a plugin runs in its compartment, in the order of rows', async (t) => {
  const rule = start(t, {
    tier: 'sandboxed',
    sql: 'SELECT echo(a) AS b FROM demo',
    plugins: [echo],
  })
  await rule.open()
  t.deepEqual(await rule.rows([{ a: 1 }, { a: 'x' }, { a: { deep: [1, null] } }, {}]), [
    { b: 1 },
    { b: 'x' },
    { b: { deep: [1, null] } },
    {},
  ])
  await rule.close()
})

test('a script that is not the one installed is refused', async (t) => {
  const rule = start(t, {
    tier: 'sandboxed',
    sql: 'SELECT echo(a) AS b FROM demo',
    plugins: [{ ...echo, sha256: 'abc' }],
  })
  const thrown = await t.throwsAsync(rule.open(), { any: true })
  t.regex(
    String(Reflect.get(thrown ?? {}, 'message')),
    /^plugin acme-echo@1\.0\.0: the script's sha256 is \w{64}, /,
  )
})

test('a rule whose plugin lacks a method is refused, with its name', async (t) => {
  const rule = start(t, {
    tier: 'sandboxed',
    sql: 'SELECT echo(a) AS b FROM demo',
    plugins: [{ ...echo, text: 'exports.Echo = class {}' }],
  })
  const thrown = await t.throwsAsync(rule.open(), { any: true })
  t.deepEqual(thrown, {
    code: 'plugin-load',
    message: 'function "echo" of plugin acme-echo@1.0.0 has no method "exec"',
  })
})

test('a trusted plugin has Node behind its require', async (t) => {
  const text = `const path = require('node:path')
    exports.echo = { exec: ([value]) => path.join('a', value) + typeof process.kill }`
  const rule = start(t, {
    tier: 'trusted',
    sql: 'SELECT echo(a) AS b FROM demo',
    plugins: [{ ...echo, text }],
  })
  await rule.open()
  t.deepEqual(await rule.rows([{ a: 'b' }]), [{ b: 'a/bfunction' }])
})

test('two flows live in one worker and end apart', async (t) => {
  const rule = start(t, { tier: 'bare', sql: 'SELECT a FROM demo' })
  await rule.open()
  const second = { ...rule.params(), epoch: 2 }
  await rule.remote.open(2, second)
  await rule.remote.close(2)
  t.deepEqual(await rule.rows([{ a: 1 }]), [{ a: 1 }])
  const thrown = await t.throwsAsync(rule.remote.metrics(2), { any: true })
  t.deepEqual(thrown, { code: 'bad-feed', message: 'there is no flow 2 in this worker' })
})
