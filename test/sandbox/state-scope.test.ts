import test, { type ExecutionContext } from 'ava'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread, type TestPlugin, type TestRule } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

async function start(t: ExecutionContext, rule: Partial<TestRule>): Promise<RuleThread> {
  const thread = new RuleThread({ entry, tier: 'sandboxed', sql: 'SELECT * FROM demo', ...rule })
  t.teardown(() => thread.end())
  await thread.open()
  return thread
}

const count = (ctx: string) => `(${ctx}.incrCounter('n', 1), ${ctx}.getCounter('n'))`
const functionNamed = (name: string): TestPlugin => ({
  kind: 'function',
  name,
  text: `exports.${name} = { exec(args, ctx) { return ${count('ctx')} } }`,
})

test('two functions never meet, two calls of one do', async (t) => {
  const plugins = [functionNamed('f'), functionNamed('g')]
  const sql = 'SELECT f() AS a, f() AS b, g() AS c FROM demo'
  const rule = await start(t, { sql, plugins })
  t.deepEqual(await rule.rows([{}, {}]), [
    { a: 1, b: 2, c: 1 },
    { a: 3, b: 4, c: 2 },
  ])
})

test('two functions of one package never meet either', async (t) => {
  const text = `exports.f = { exec(args, ctx) { return ${count('ctx')} } }
    exports.g = { exec(args, ctx) { return ${count('ctx')} } }`
  const plugins = ['f', 'g'].map(
    (name): TestPlugin => ({ kind: 'function', name, text, package: 'acme' }),
  )
  const rule = await start(t, { sql: 'SELECT f() AS a, g() AS b FROM demo', plugins })
  t.deepEqual(await rule.rows([{}, {}]), [
    { a: 1, b: 1 },
    { a: 2, b: 2 },
  ])
})

test('two rules never meet', async (t) => {
  const rule = { sql: 'SELECT f() AS a FROM demo', plugins: [functionNamed('f')] }
  const [one, other] = [await start(t, rule), await start(t, rule)]
  t.deepEqual(await one.rows([{}, {}]), [{ a: 1 }, { a: 2 }])
  t.deepEqual(await other.rows([{}]), [{ a: 1 }])
})

test('a sink and a function of one name and one package never meet', async (t) => {
  const sink = `exports.f = { configure() {}, open() {}, close() {},
    collect(ctx) { console.log('sink has ' + ${count('ctx')}) } }`
  const both: TestPlugin[] = [
    { ...functionNamed('f'), package: 'acme' },
    { kind: 'sink', name: 'f', text: sink, package: 'acme' },
  ]
  const actions = [{ type: 'f', props: {} }]
  const rule = await start(t, { sql: 'SELECT f() AS a FROM demo', plugins: both, actions })
  await rule.collect([{}, {}])
  await rule.wait('delivered', 2)
  t.deepEqual(
    rule
      .of('log')
      .map(({ args }) => args.at(-1))
      .filter((text) => String(text).startsWith('sink has')),
    ['sink has 1', 'sink has 2'],
  )
})
