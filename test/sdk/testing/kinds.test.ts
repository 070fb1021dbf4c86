import { fileURLToPath } from 'node:url'
import { ExtensionError, tiers } from '@plutino/sdk/testing'
import test from 'ava'

const folder = fileURLToPath(new URL('../../fixtures/kinds', import.meta.url))
const start = Date.UTC(2026, 0, 1)
const found = await tiers(folder)

test('tests of this repository run in both tiers', (t) => {
  t.deepEqual(
    found.map(({ name }) => name),
    ['in process', 'in the sandbox'],
  )
})

for (const { name: where, open } of found) {
  test(`${where}: a source brings a tuple for each tick of a clock moved by hand`, async (t) => {
    await using plugin = await open(folder)
    const source = await plugin.source('ticker', { datasource: 'sky', props: { interval: 500 } })
    t.is(source.tuples.length, 0)
    await plugin.clock.advance(1700)
    const tuples = await source.next(3)
    t.deepEqual(
      tuples.map(({ message }) => ({ ...message })),
      [1, 2, 3].map((n) => ({ n, at: new Date(start + n * 500), seen: n })),
    )
    t.deepEqual({ ...tuples[0]?.meta }, { topic: 'sky' })
    t.is(tuples[2]?.timestamp, start + 1500)
    t.deepEqual(
      tuples.map(({ offset }) => offset),
      [1, 2, 3],
    )
    t.is(plugin.clock.now(), start + 1700)
    await source.close()
    t.deepEqual(
      plugin.logs.map(({ level }) => level),
      ['debug', 'info'],
    )
    t.is(plugin.logs[1]?.text, 'closed after 3')
  })

  test(`${where}: from a checkpoint a source goes on with its offset and its state`, async (t) => {
    await using plugin = await open(folder)
    const first = await plugin.source('ticker')
    await plugin.clock.advance(2000)
    await first.next(2)
    const checkpoint = await first.checkpoint()
    t.is(checkpoint.offset, 2)
    await first.close()
    const second = await plugin.source('ticker', { restore: checkpoint })
    await plugin.clock.advance(1000)
    const [next] = await second.next()
    t.like(next?.message, { n: 3, seen: 3 })
  })

  test(`${where}: an error of a source ends it with its reason, a bounded one ends by itself`, async (t) => {
    await using plugin = await open(folder)
    const broken = await plugin.source('ticker', { props: { failAt: 1 } })
    await plugin.clock.advance(5000)
    const error = await t.throwsAsync(broken.next(2), { instanceOf: ExtensionError })
    t.is(error?.message, 'broken at 1')
    t.is(broken.failed?.message, 'broken at 1')
    const bounded = await plugin.source('ticker', { props: { count: 2 } })
    await plugin.clock.advance(5000)
    t.is((await bounded.finished()).length, 2)
    const pulled = await plugin.source('sites')
    t.deepEqual(
      (await pulled.finished()).map(({ message }) => (message as { site: string }).site),
      ['site 1', 'site 2'],
    )
    t.true(pulled.ended)
  })

  test(`${where}: what configure throws is the error of the source`, async (t) => {
    await using plugin = await open(folder)
    await t.throwsAsync(plugin.source('ticker', { props: { interval: 0 } }), {
      instanceOf: ExtensionError,
      message: /interval is 0$/,
    })
    await t.throwsAsync(plugin.source('tickr'), {
      message: /has no source "tickr"; did you mean "ticker"\?/,
    })
  })

  test(`${where}: a lookup table answers by key`, async (t) => {
    await using plugin = await open(folder)
    const table = await plugin.lookup('sites')
    const rows = await table.lookup(['id'], [[2], [7]])
    t.deepEqual(
      rows.map((each) => each.map((row) => ({ ...row }))),
      [[{ id: 2, site: 'site 2' }], []],
    )
    await t.throwsAsync(table.lookup(['x'], [[1]]), { message: /source "sites".*no column x/ })
  })

  test(`${where}: a sink says what is durable, asks again, and drops by name`, async (t) => {
    await using plugin = await open(folder)
    const sink = await plugin.sink('ledger', { props: { title: 'line' } })
    await sink.collect([{ a: 1 }, { a: 2 }])
    t.is(sink.durable, 1)
    const again = sink.collect([{ fault: 'later', times: 2 }])
    await plugin.clock.advance(199)
    t.is(sink.durable, 1)
    t.deepEqual(
      sink.retries.map(({ code }) => code),
      ['retryable'],
    )
    await plugin.clock.advance(1 + 400)
    await again
    t.is(sink.durable, 2)
    t.is(sink.retries.length, 2)
    const error = await t.throwsAsync(sink.collect([{ fault: 'odd', times: 9 }]), {
      instanceOf: ExtensionError,
    })
    t.is(error?.message, 'no such row: odd')
    t.is(sink.durable, 2)
    t.deepEqual(
      plugin.logs.filter(({ level }) => level === 'info').map(({ text }) => text),
      ['open', 'line 1 of 1', 'line 2 of 1', 'line 3 of 2'],
    )
  })

  test(`${where}: a sink that is closed says which emission was not durable`, async (t) => {
    await using plugin = await open(folder)
    const sink = await plugin.sink('ledger')
    const sent = sink.collect([{ fault: 'later', times: 1000 }])
    await plugin.clock.advance(100)
    // in the sandbox it is given the time that a rule gives it
    const closing = Promise.allSettled([sink.close()])
    await plugin.clock.advance(60_000)
    await closing
    await t.throwsAsync(sent, { message: 'the sink was closed before emission 1 was durable' })
  })

  test(`${where}: a sink that is not connected is opened again`, async (t) => {
    await using plugin = await open(folder)
    const sink = await plugin.sink('ledger')
    const sent = sink.collect([{ fault: 'lost', times: 1 }])
    await plugin.clock.advance(500)
    await sent
    t.is(plugin.logs.filter(({ text }) => text === 'open').length, 2)
    t.deepEqual(
      sink.retries.map(({ code, message }) => [code, message]),
      [['not-connected', 'the peer is gone']],
    )
    const { state } = await sink.checkpoint()
    const next = await plugin.sink('ledger', { restore: { state } })
    await next.collect([{}])
    t.is(plugin.logs.at(-1)?.text, 'row 2 of 1')
  })

  test(`${where}: a function keeps state of registered types over a checkpoint`, async (t) => {
    await using plugin = await open(folder)
    const describe = await plugin.function('describe')
    t.deepEqual({ ...((await describe.call([1, 2])) as object) }, { value: [1, 2], before: null })
    const restore = await describe.checkpoint()
    const next = await plugin.function('describe', { restore })
    t.deepEqual({ ...((await next.call(12n)) as object) }, { value: 12n, before: [1, 2] })
    await t.throwsAsync(next.call('stop'), {
      instanceOf: ExtensionError,
      message: 'function "describe" of plugin kinds@1.0.0: told to stop',
    })
    const refused = await plugin.function('describe')
    await t.throwsAsync(refused.call(1, 2), { message: /describe takes one argument, not 2$/ })
  })

  test(`${where}: an aggregate is asked over a group and over a sliding window`, async (t) => {
    await using plugin = await open(folder)
    const mean = await plugin.function('mean')
    t.is(await mean.over([[1], [2], [6]]), 3)
    t.deepEqual(await mean.slide([[1], [3], [5], [7]], 2), [1, 2, 4, 6])
  })

  test(`${where}: powers are those of the grants`, async (t) => {
    await using denied = await open(folder)
    const without = await denied.function('read')
    for (const what of ['secret', 'net', 'files']) {
      const error = await t.throwsAsync(without.call(what), { instanceOf: ExtensionError }, what)
      t.is(error?.code, 'ERR_PLUGIN_DENIED', what)
    }
    await using plugin = await open(folder, {
      grants: { files: { private: true }, network: ['http://127.0.0.1:9'] },
      secrets: { key: 'k-1' },
    })
    const read = await plugin.function('read')
    t.is(await read.call('secret'), 'k-1')
    t.is(await read.call('files'), 'one ')
    t.is(await read.call('files'), 'one one ')
    const error = await t.throwsAsync(read.call('net'), { instanceOf: ExtensionError })
    t.not(error?.code, 'ERR_PLUGIN_DENIED')
  })

  test(`${where}: the stack of an error names the line of the author's file`, async (t) => {
    await using plugin = await open(folder)
    const describe = await plugin.function('describe')
    const error = await t.throwsAsync(describe.call('stop'))
    t.regex(error?.stack ?? '', /functions\/describe\.ts:14:\d+/)
  })
}
