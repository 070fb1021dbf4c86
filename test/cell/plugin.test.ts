import test from 'ava'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { processFolder } from '#test/fixtures/folder.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks, sources } from '../fixtures/cell/connectors.ts'
import { pluginRule } from '../fixtures/cell/plugin-rule.ts'
import { eventually, keyOf, linesOf, outputFile, statusWhere } from '../fixtures/cell/rules.ts'

const ticks = {
  kind: 'source',
  text: `exports.ticks = {
    configure() {},
    async open(ctx, consumer) {
      for (let n = 1; n <= 5000 && !ctx.signal.aborted; n++) await consumer({ n })
      ctx.end()
    },
    close(ctx) { ctx.logger.info('source closed') },
  }`,
} as const

const counting = {
  kind: 'source',
  text: `let next = 1
  exports.counting = {
    configure() {},
    rewind(offset) { next = offset + 1 },
    getOffset() { return next },
    async open(ctx, consumer) {
      for (; next <= 20000 && !ctx.signal.aborted; next++) await consumer({ n: next })
      ctx.end()
    },
    close() {},
  }`,
} as const

const keep = {
  kind: 'sink',
  text: `let count = 0
  exports.keep = {
    configure() {},
    open() {},
    collect(ctx, data) { count++; ctx.putState('count', count) },
    close(ctx) { ctx.logger.info('kept ' + count) },
  }`,
} as const

const tickStream = 'CREATE STREAM demo () WITH (DATASOURCE="d", TYPE="ticks")'
const numberStream = 'CREATE STREAM demo () WITH (DATASOURCE="d", TYPE="numbers")'

test.serial('a sandboxed source fills the host’s buffer, and every row comes out', async (t) => {
  const { cell } = cellOf()
  const path = await outputFile()
  const sql = 'SELECT n FROM demo'
  const rule = pluginRule({
    rule: 'a',
    sql,
    stream: tickStream,
    plugins: { ticks },
    action: 'lines',
    sink: { path },
  })
  // Far smaller than what the source brings: it has to wait.
  await cell.deploy({
    ...rule,
    sources: rule.sources.map((spec) => ({ ...spec, bufferLength: 100 })),
  })
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  const rows = (await linesOf(path)).flatMap((line) => JSON.parse(line))
  t.is(rows.length, 5000)
  t.deepEqual([rows[0], rows.at(-1)], [{ n: 1 }, { n: 5000 }])
  t.is(status?.metrics.source_demo_0_records_in_total, 5000)
  t.true(Number(status?.metrics.source_demo_0_buffer_high_water) <= 100)
  await cell.close()
})

test.serial(
  'what a plugin source was told is safe comes out once, whenever its worker dies',
  async (t) => {
    const { cell } = cellOf()
    const path = await outputFile()
    const rule = pluginRule({
      rule: 'a',
      sql: 'SELECT n FROM demo',
      stream: 'CREATE STREAM demo () WITH (DATASOURCE="d", TYPE="counting")',
      plugins: { counting },
      action: 'file',
      sink: { path },
      options: { qos: 1, checkpointIntervalMs: 30 },
    })
    await cell.deploy(rule)
    for (const read of [300, 5000]) {
      await statusWhere(cell, 'a', ({ metrics }) => {
        return Number(metrics.source_demo_0_records_out_total) > read
      })
      await cell.endWorker(keyOf('a'), 'ended by the test')
      await statusWhere(cell, 'a', ({ state }) => state !== 'starting')
    }
    await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
    const rows = (await linesOf(path)).flatMap((line) => [JSON.parse(line)].flat())
    const numbers = rows.map(({ n }: { n: number }) => n)
    t.deepEqual(
      numbers,
      Array.from({ length: 20_000 }, (_, i) => i + 1),
    )
    await cell.close()
  },
)

test.serial('a sandboxed sink gets every payload, and its checkpoint waits for it', async (t) => {
  const { cell, lines, store } = cellOf()
  const sql = 'SELECT n FROM demo'
  const options = { qos: 1 as const }
  const rule = pluginRule({
    rule: 'a',
    sql,
    stream: numberStream,
    plugins: { keep },
    action: 'keep',
    count: 500,
    burst: 50,
    options,
  })
  await cell.deploy(rule)
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.is(status?.message, 'done')
  t.is(store.get('a')?.sources[0]?.offset, 500)
  // a line of the log is on its way beside the acknowledgement
  const said = await eventually(
    async () => lines.find(({ text }) => /kept \d+/.test(text)),
    (line) => line !== undefined,
  )
  t.not(said?.plugin, undefined)
  t.is(status?.metrics.sink_keep_0_0_records_out_total, store.get('a')?.positions[0])
  await cell.close()
})

test.serial('what a sandboxed sink drops is counted in the status, with the reason', async (t) => {
  const { cell, store } = cellOf()
  const text = `exports.picky = {
    configure() {},
    open() {},
    collect(ctx, data) {
      if (ctx.rowId.sequence % 10 === 0) throw new Error('too\\nround')
    },
    close() {},
  }`
  const rule = pluginRule({
    rule: 'a',
    sql: 'SELECT n FROM demo',
    stream: numberStream,
    plugins: { picky: { kind: 'sink', text } },
    action: 'picky',
    count: 500,
    burst: 50,
    options: { qos: 1 },
  })
  await cell.deploy(rule)
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.is(status?.message, 'done')
  const emitted = Number(store.get('a')?.positions[0])
  const dropped = Math.floor(emitted / 10)
  t.true(dropped > 0, `${emitted}`)
  const figure = (key: string) => status?.metrics[`sink_picky_0_0_${key}`]
  t.is(figure('records_in_total'), emitted)
  t.is(figure('records_out_total'), emitted - dropped)
  t.is(figure('dropped_total'), dropped)
  t.is(figure('exceptions_total'), dropped)
  t.regex(`${figure('last_exception')}`, /^too round/)
  t.true(Number(figure('last_exception_time')) > 0)
  await cell.close()
})

test.serial('a plugin that loops ends its rule’s worker and nobody else’s', async (t) => {
  const { cell } = cellOf()
  const path = await outputFile()
  const calm = { rule: 'calm', sql: 'SELECT n FROM demo', stream: numberStream, plugins: {} }
  await cell.deploy(pluginRule({ ...calm, action: 'lines', sink: { path: await outputFile() } }))
  const text = `exports.spin = { validate() {}, exec([n]) { for (; n === 50;); return n }, isAggregate: () => false }`
  const plugins = { spin: { kind: 'function', text } } as const
  const sql = 'SELECT spin(n) AS n FROM demo'
  await cell.deploy(
    pluginRule({
      rule: 'a',
      sql,
      stream: numberStream,
      plugins,
      action: 'lines',
      count: 100,
      burst: 10,
      sink: { path },
    }),
  )
  const status = await eventually(
    () => cell.status(keyOf('a')),
    (seen) => (seen?.deaths.length ?? 0) > 0,
  )
  t.regex(status?.deaths[0]?.reason ?? '', /did not answer for 2000 ms/)
  t.deepEqual((await cell.status(keyOf('calm')))?.deaths, [])
  const ended = await statusWhere(cell, 'a', ({ state }) => state === 'stopped')
  t.is(ended?.metrics.source_demo_0_set_aside_total, 1)
  const seen = new Set(
    (await linesOf(path)).flatMap((line) => JSON.parse(line).map(({ n }: { n: number }) => n)),
  )
  t.deepEqual([seen.size, seen.has(50)], [99, false])
  await cell.close()
})

for (const [what, throws] of [
  ['a timer', `setTimeout(() => { throw new Error('too late') }, 1)`],
  ['a promise', `Promise.reject(new Error('too late'))`],
] as const) {
  test.serial(
    `an error that nobody caught, of ${what}, costs the worker and not the rule`,
    async (t) => {
      const { cell } = cellOf()
      const path = await outputFile()
      const text = `exports.late = { exec([n]) { if (n === 50) { ${throws} } return n } }`
      await cell.deploy(
        pluginRule({
          rule: 'a',
          sql: 'SELECT late(n) AS n FROM demo',
          stream: numberStream,
          plugins: { late: { kind: 'function', text } },
          action: 'lines',
          count: 400,
          burst: 10,
          intervalMs: 5,
          sink: { path },
        }),
      )
      const ended = await statusWhere(cell, 'a', ({ state }) => state.startsWith('stopped'))
      t.is(ended?.message, 'done')
      t.regex(
        ended?.deaths[0]?.reason ?? '',
        /plugin acme-late left an error that nobody caught: too late/,
      )
      const numbers = (await linesOf(path)).flatMap((line) => JSON.parse(line))
      t.true(new Set(numbers.map(({ n }: { n: number }) => n)).size >= 399)
      await cell.close()
    },
  )
}

function cellOf() {
  const { environment, lines, store } = memoryEnvironment()
  const watchdog = { silenceMs: 2000 }
  const cell = new LocalCell({
    environment,
    connectors: { sources, sinks: new Map([...createBuiltinConnectors().sinks, ...sinks]) },
    cacheFolder,
    dataFolder: processFolder(),
    watchdog,
  })
  return { cell, lines, store }
}
