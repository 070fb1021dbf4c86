import test from 'ava'
import { plan } from './fixture.ts'

const planned = (props: Record<string, unknown>, type = 'mysql') =>
  plan('SELECT a FROM demo', { actions: [{ type, props }] })

for (const props of [
  { enableCache: true },
  { deadLetter: { log: {} } },
  { encryption: 'aes' },
  { retryAttempts: 3 },
  { retryDelay: '1s' },
  { retryMaxDelay: 1000 },
]) {
  test(`what a plugin’s sink is sent goes through the host with ${JSON.stringify(props)}`, (t) => {
    t.true(planned({ url: 'u', ...props }).actions[0]?.throughHost)
  })
}

for (const props of [
  {},
  { enableCache: false, deadLetter: null, encryption: '', retryAttempts: 0 },
  { batchSize: 3, sendSingle: true, memoryCacheThreshold: 5, openTimeout: '1s' },
]) {
  test(`what a plugin’s sink is sent stays in the worker with ${JSON.stringify(props)}`, (t) => {
    t.is(planned({ url: 'u', ...props }).actions[0]?.throughHost, undefined)
  })
}

test('a plugin’s sink is not told of keys, and of the sink for its dead letters', (t) => {
  const props = {
    url: 'u',
    enableCache: true,
    encryption: 'aes',
    encProps: { key: 'secret' },
    deadLetter: { mqtt: { password: 'secret' } },
  }
  t.deepEqual(planned(props).actions[0]?.props, { url: 'u', enableCache: true, encryption: 'aes' })
})

test('plugins’ sinks for dead letters are in the plan, of any action; those of the host’s are not', (t) => {
  const { deadLetters, plugins } = plan('SELECT a FROM demo', {
    actions: [
      { type: 'log', props: { deadLetter: { log: {} } } },
      { type: 'log', props: { deadLetter: { mysql: { url: 'u', deadLetter: { log: {} } } } } },
    ],
  })
  t.deepEqual(deadLetters, [{ action: 1, plugin: 0, props: { url: 'u' } }])
  t.like(plugins[0], { kind: 'sink', name: 'mysql' })
  t.is(planned({}, 'log').deadLetters, undefined)
})

test('a sink for dead letters that there is not is refused, with the one that was meant', (t) => {
  t.throws(() => planned({ deadLetter: { mysqll: {} } }, 'log'), {
    code: 'unknown-action',
    message: /unknown sink "mysqll" for dead letters; did you mean "mysql"\?/,
  })
})
