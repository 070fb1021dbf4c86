import test, { type ExecutionContext } from 'ava'
import { ENCODING_JSON, ENCODING_V8, FLAG_ENCODING } from '#src/flow/frame.ts'
import { readNote, readOffset } from '#src/flow/frame-note.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { payloads } from '#test/flow/rule.ts'
import { entryOf } from '#test/worker/bundle.ts'
import {
  framesOf,
  type HostCall,
  RuleThread,
  type TestPlugin,
  type TestRule,
} from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

async function start(t: ExecutionContext, rule: Partial<TestRule>): Promise<RuleThread> {
  const thread = new RuleThread({ entry, tier: 'sandboxed', sql: 'SELECT * FROM demo', ...rule })
  t.teardown(() => thread.end())
  await thread.open()
  return thread
}

function withFunction(
  t: ExecutionContext,
  sql: string,
  text: string,
  extra: Partial<TestPlugin> = {},
) {
  const plugin: TestPlugin = { kind: 'function', name: 'f', text, ...extra }
  return start(t, { sql, plugins: [plugin] })
}

test('an error of a function is an error of its row, short and without the original', async (t) => {
  const rule = await withFunction(
    t,
    'SELECT f(a) AS b FROM demo',
    `exports.f = { exec([a]) {
      if (a === 1) throw 'text'
      if (a === 2) throw { message: 'x'.repeat(1e6), toString() { for (;;); } }
      if (a === 3) return () => {}
      if (a === 4) return new Proxy({}, { ownKeys() { throw new Error('caught') } })
      return a
    } }`,
  )
  const { errors } = await rule.collect([{ a: 1 }])
  t.deepEqual(
    errors.map(({ message }) => message),
    ['function "f" of plugin acme-f@1.0.0: text'],
  )
  const huge = await rule.collect([{ a: 2 }])
  t.is(huge.errors[0]?.message.length, 'function "f" of plugin acme-f@1.0.0: '.length + 300)
  const made = await rule.collect([{ a: 3 }])
  t.regex(made.errors[0]?.message ?? '', /result: a function cannot cross the border$/)
  const proxy = await rule.collect([{ a: 4 }])
  t.regex(proxy.errors[0]?.message ?? '', /result cannot be read: caught$/)
  t.deepEqual(await rule.rows([{ a: 5 }]), [{ b: 5 }])
})

test('a function cannot change the row that it was given', async (t) => {
  const rule = await withFunction(
    t,
    'SELECT f(a) AS b, a FROM demo',
    `exports.f = { exec([a]) { a.x = 'changed'; a.list.push(3); return 1 } }`,
  )
  t.deepEqual(await rule.rows([{ a: { x: 1, list: [2] } }]), [{ b: 1, a: { x: 1, list: [2] } }])
})

test('state of a function is shared by its calls, and part of the checkpoint', async (t) => {
  const text = `exports.F = class { exec([a], ctx) { ctx.incrCounter('n', 1); return ctx.getCounter('n') * 10 + ctx.functionId } }`
  const sql = 'SELECT f(a) AS x, f(b) AS y FROM demo'
  const rule = await withFunction(t, sql, text)
  t.deepEqual(await rule.rows([{}, {}]), [
    { x: 10, y: 21 },
    { x: 30, y: 41 },
  ])
  const { state } = await rule.remote.checkpoint(1)
  const next = await start(t, {
    sql,
    plugins: [{ kind: 'function', name: 'f', text }],
    params: { state },
  })
  t.deepEqual(await next.rows([{}]), [{ x: 50, y: 61 }])
})

test('state refuses what cannot be kept, with an error of the plugin’s own realm', async (t) => {
  const rule = await withFunction(
    t,
    'SELECT f() AS x FROM demo',
    `exports.f = { exec(args, ctx) {
      try { ctx.putState('k', () => {}) } catch (error) {
        return error.code + ' ' + (Object.getPrototypeOf(error) === Error.prototype)
      }
    } }`,
  )
  t.deepEqual(await rule.rows([{}]), [{ x: 'state-not-cloneable true' }])
})

test('an aggregate gets arrays over the group, or an accumulator', async (t) => {
  const sql = 'SELECT f(a) AS x FROM demo GROUP BY COUNTWINDOW(3)'
  const arrays = await withFunction(
    t,
    sql,
    'exports.f = { isAggregate: () => true, exec: ([values]) => values.join("+") }',
    { isAggregate: true },
  )
  t.deepEqual(await arrays.rows([{ a: 1 }, { a: 2 }, { a: 3 }]), [{ x: '1+2+3' }])
  const incremental = await withFunction(
    t,
    sql,
    `exports.f = { isAggregate: () => true, init: () => ({ sum: 0 }),
      add(acc, [a]) { acc.sum += a; return acc }, result: ({ sum }) => sum }`,
    { isAggregate: true },
  )
  t.deepEqual(await incremental.rows([{ a: 1 }, { a: 2 }, { a: 3 }]), [{ x: 6 }])
})

test('validate sees types, literals and columns, and can refuse the rule', async (t) => {
  const text = `exports.f = { validate(args) { throw new Error(JSON.stringify(args)) }, exec() {} }`
  const thrown = await t.throwsAsync(withFunction(t, 'SELECT f(a, 1, "x") AS b FROM demo', text), {
    any: true,
  })
  t.deepEqual(thrown, {
    code: 'bad-plan',
    message:
      'function "f" of plugin acme-f@1.0.0: [{"type":"any","column":"a"},{"type":"bigint","literal":1},{"type":"string","literal":"x"}]',
  })
})

const stream = 'CREATE STREAM demo () WITH (DATASOURCE="topic", TYPE="src", FORMAT="json")'

function withSource(t: ExecutionContext, text: string, more: Partial<TestRule> = {}) {
  const plugin: TestPlugin = {
    kind: 'source',
    name: 'src',
    text,
    datasource: 'topic',
    props: { n: 3 },
  }
  return start(t, { stream, plugins: [plugin], ...more })
}

function framesIn(calls: readonly HostCall[]) {
  return calls.flatMap(({ args }) => framesOf(args[2] as ArrayBuffer, args[3] as number))
}

test('a source hands rows and bytes over in frames, with metadata and offset', async (t) => {
  const rule = await withSource(
    t,
    `const mark = Symbol.for('plutino.tuple')
    exports.Src = class {
      configure(datasource, props) { this.from = datasource; this.n = props.n; this.at = 0 }
      async open(ctx, consumer) {
        this.at = 1; await consumer({ from: this.from, n: this.n })
        this.at = 2; await consumer(new Uint8Array([123, 125]), { topic: 't' })
        this.at = { file: 'f' }; await consumer({ [mark]: true, message: { big: 2n }, meta: undefined, timestamp: 5 })
        ctx.end()
      }
      getOffset() { return this.at }
      rewind() {}
      close() {}
    }`,
  )
  await rule.wait('ended')
  const frames = framesIn(rule.of('write'))
  t.deepEqual(
    frames.map(({ flags }) => flags & FLAG_ENCODING),
    [ENCODING_JSON, 0, ENCODING_V8],
  )
  t.is(frames[0]?.payload.toString(), '{"from":"topic","n":3}')
  t.is(frames[1]?.payload.toString(), '{}')
  const [write] = rule.of('write')
  const chunk = Buffer.from(write?.args[2] as ArrayBuffer)
  const view = new DataView(write?.args[2] as ArrayBuffer)
  t.deepEqual(
    frames.map(({ at }) => readOffset(chunk, view, at)),
    [1, 2, { file: 'f' }],
  )
  t.deepEqual(
    frames.map(({ at }) => readNote(chunk, view, at)),
    [undefined, { meta: { topic: 't' } }, { offset: { file: 'f' }, timestamp: 5 }],
  )
  t.is(rule.calls.at(-1)?.method, 'ended')
})

test('a source goes on from its offset, and in pull style ends with its iteration', async (t) => {
  const rule = await withSource(
    t,
    `exports.src = () => { let at = 0; return {
      configure() {}, close() {}, getOffset: () => at, rewind(offset) { at = offset },
      async *open() { while (at < 5) { const n = at++; yield { n } } },
    } }`,
    { params: { offsets: [3] } },
  )
  await rule.wait('ended')
  t.deepEqual(
    framesIn(rule.of('write')).map(({ payload }) => payload.toString()),
    ['{"n":3}', '{"n":4}'],
  )
})

test('several instances share one stream, their offsets travel together, and it ends with the last of them', async (t) => {
  const text = `exports.Src = class {
    configure() {} close() {} getOffset() { return this.at } rewind(offset) { this.from = offset }
    async open(ctx, consumer) {
      await new Promise((wake) => setTimeout(wake, ctx.instanceId * 30))
      this.at = 'after ' + ctx.instanceId
      await consumer({ id: ctx.instanceId, from: this.from })
      ctx.end()
    }
  }`
  const rule = await withSource(t, text, { concurrency: 2, params: { offsets: [[null, 'one']] } })
  await rule.wait('ended')
  const writes = rule.of('write')
  const rows = framesIn(writes).map(({ payload }) => JSON.parse(String(payload)))
  t.deepEqual(rows, [{ id: 0 }, { id: 1, from: 'one' }])
  const offsets = writes.map(({ args }) => {
    const buffer = args[2] as ArrayBuffer
    return readOffset(Buffer.from(buffer), new DataView(buffer), 0)
  })
  t.deepEqual(offsets, [
    ['after 0', 'one'],
    ['after 0', 'after 1'],
  ])
  t.is(rule.of('ended').length, 1)
})

test('a source that waits for its consumer is held back while the host has no room', async (t) => {
  let release: () => void = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const rule = await withSource(
    t,
    `exports.src = { configure() {}, close() {}, async open(ctx, consumer) {
      for (let n = 0; n < 400; n++) await consumer({ n, pad: 'x'.repeat(10000) })
      ctx.end()
    } }`,
    { onWrite: () => gate },
  )
  await rule.wait('write')
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.is(rule.of('write').length, 1)
  release()
  await rule.wait('ended')
  const rows = framesIn(rule.of('write')).map(({ payload }) => JSON.parse(String(payload)).n)
  t.deepEqual(rows, [...Array(400).keys()])
})

test('a source that never waits is ended by 16 MiB on the way', async (t) => {
  const rule = await withSource(
    t,
    `exports.src = { configure() {}, close() {}, open(ctx, consumer) {
      for (;;) consumer({ pad: 'x'.repeat(100000) })
    } }`,
    { onWrite: () => new Promise(() => {}) },
  )
  const [failure] = await rule.wait('failed')
  t.like(failure?.args[1], {
    plugin: 'src',
    where: 'collect',
    code: 'not-plain-data',
    message: 'consumer: 16 MiB handed over without waiting for its promise',
  })
})

test('a source that fails says so once, and errCh is the same as rejecting', async (t) => {
  const rule = await withSource(
    t,
    `exports.src = { configure() {}, close() {}, open(ctx, consumer, errCh) {
      ctx.ready(); setTimeout(() => { errCh(new Error('lost')); errCh(new Error('again')) }, 5)
    } }`,
  )
  await rule.wait('failed')
  await new Promise((resolve) => setTimeout(resolve, 30))
  const failures = rule.of('failed').map(({ args }) => args[1])
  t.is(failures.length, 1)
  t.like(failures[0], { plugin: 'src', where: 'open', code: 'failed', message: 'lost' })
})

test('an error in a callback that nobody waits for is reported, and the worker lives', async (t) => {
  const rule = await withSource(
    t,
    `exports.src = { configure() {}, close() {}, open(ctx) {
      ctx.ready()
      setTimeout(() => { throw new Error('in a timer') }, 1)
      queueMicrotask(() => { throw new Error('in a microtask') })
      Promise.reject(new Error('left alone'))
      const target = new EventTarget()
      target.addEventListener('x', () => { throw new Error('in a listener') })
      target.dispatchEvent(new Event('x'))
    } }`,
  )
  const failures = await rule.wait('failed', 4)
  const messages = failures.map(({ args }) => Reflect.get(args[1] as object, 'message'))
  t.deepEqual(messages.sort(), ['in a listener', 'in a microtask', 'in a timer', 'left alone'])
  await rule.remote.ping()
})

test('closing aborts the signal, stops the timers and closes the source once', async (t) => {
  const rule = await withSource(
    t,
    `exports.src = { configure() {}, open(ctx) {
        this.ctx = ctx
        setInterval(() => {}, 5)
        ctx.signal.addEventListener('abort', () => ctx.logger.info('aborted'))
        return new Promise(() => { ctx.ready() })
      }, close(ctx) { ctx.logger.info('closed ' + ctx.signal.aborted) } }`,
  )
  await rule.remote.close(1)
  await rule.wait('log', 2)
  t.deepEqual(
    rule.of('log').map(({ args }) => args[3]),
    ['aborted', 'closed true'],
  )
})

const actions = [{ type: 'out', props: {} }]

function withSink(t: ExecutionContext, text: string) {
  const plugin: TestPlugin = { kind: 'sink', name: 'out', text }
  return start(t, { sql: 'SELECT a FROM demo', actions, plugins: [plugin] })
}

function logged(rule: RuleThread): unknown[] {
  return rule.of('log').map(({ args }) => args[3])
}

test('a sink gets payloads one at a time, in order, and each is acknowledged', async (t) => {
  const rule = await withSink(
    t,
    `exports.out = { configure() {}, open() {}, close() {}, async collect(ctx, data) {
      const n = ctx.rowId.sequence
      ctx.logger.info('begin ' + n + ' ' + new TextDecoder().decode(data))
      await new Promise((wake) => setTimeout(wake, 2))
      ctx.logger.info('end ' + n)
    } }`,
  )
  await rule.collect([{ a: 1 }, { a: 2 }])
  await rule.wait('delivered', 2)
  t.deepEqual(logged(rule), ['begin 1 [{"a":1}]', 'end 1', 'begin 2 [{"a":2}]', 'end 2'])
  t.deepEqual(
    rule.of('delivered').map(({ args }) => args.slice(1)),
    [
      [0, 1],
      [0, 2],
    ],
  )
})

test('a sink that lost its connection is opened again and gets the same rows', async (t) => {
  const rule = await withSink(
    t,
    `let opened = 0
    exports.out = { accepts: 'rows', configure() {}, open() { opened++ }, close() {}, collect(ctx, rows) {
      if (opened === 1) { rows[0].a = 'spoilt'; throw Object.assign(new Error('gone'), { code: 'not-connected' }) }
      ctx.logger.info(JSON.stringify(rows))
    } }`,
  )
  await rule.collect([{ a: 1 }])
  await rule.wait('delivered')
  t.deepEqual(logged(rule), [
    'sink "out" of plugin acme-out@1.0.0: trying again: Error: gone',
    '[{"a":1}]',
  ])
})

test('any other error of a sink drops the emission, said in the log', async (t) => {
  const rule = await withSink(
    t,
    `exports.out = { configure() {}, open() {}, close() {}, collect() { throw new Error('full') } }`,
  )
  await rule.collect([{ a: 1 }])
  await rule.wait('delivered')
  t.deepEqual(logged(rule), ['sink "out" of plugin acme-out@1.0.0: emission dropped: Error: full'])
})

test('a function may answer with promises: rows keep their order, and what was hung on a promise is not called', async (t) => {
  const rule = await withFunction(
    t,
    'SELECT f(a) AS b FROM demo',
    `exports.f = { exec([a]) {
      const later = new Promise((done) => setTimeout(done, 20 - a * 5, a * 2))
      Object.defineProperty(later, 'then', { value: () => { throw new Error('stolen') } })
      return a === 3 ? Promise.reject(new Error('three')) : later
    } }`,
  )
  const { emissions, errors } = await rule.collect([{ a: 1 }, { a: 2 }, { a: 3 }])
  const outside = (await rule.wait('emit')).flatMap(({ args }) => args[1] as Emission[])
  t.deepEqual(payloads([...emissions, ...outside]).flat(), [{ b: 2 }, { b: 4 }])
  const { errors: late } = errors.length > 0 ? { errors } : await rule.collect([])
  t.deepEqual(
    late.map(({ message }) => message),
    ['function "f" of plugin acme-f@1.0.0: three'],
  )
})
