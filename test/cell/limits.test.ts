import { type AddressInfo, createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { PluginPowers, RuleStatus } from '#host/cell/cell.ts'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks, sources } from '../fixtures/cell/connectors.ts'
import { type PluginRule, pluginRule } from '../fixtures/cell/plugin-rule.ts'
import { keyOf } from '../fixtures/cell/rules.ts'

/** A rule whose function does what it is told with each number; another one beside it counts what it is given. */
async function start(
  t: ExecutionContext,
  body: string,
  options: PluginRule['options'] = {},
  numbers: Partial<PluginRule> = { intervalMs: 20 },
  powers?: PluginPowers,
) {
  const { environment } = memoryEnvironment()
  const cell = new LocalCell({
    environment,
    connectors: { sources, sinks: new Map([...createBuiltinConnectors().sinks, ...sinks]) },
    cacheFolder,
    dataFolder: makeFolder(t),
    watchdog: { silenceMs: 2000 },
  })
  t.teardown(() => cell.close())
  const rule = pluginRule({
    rule: 'a',
    sql: 'SELECT act(n) AS a, same(n) AS n FROM demo',
    stream: 'CREATE STREAM demo () WITH (DATASOURCE="d", TYPE="numbers")',
    plugins: {
      act: { kind: 'function', text: `exports.act = { exec([n], ctx) { ${body}; return n } }` },
      same: { kind: 'function', text: 'exports.same = { exec: ([n]) => n }' },
    },
    action: 'lines',
    sink: { path: `${makeFolder(t)}/out` },
    options: { memoryLimitBytes: 120_000_000, ...options },
    ...numbers,
  })
  const plugins = rule.plugins.map((code) =>
    code.name === 'act' && powers !== undefined ? { ...code, powers } : code,
  )
  await cell.deploy({ ...rule, plugins })
  return async (what: string, holds: (status: RuleStatus) => boolean): Promise<RuleStatus> => {
    let last: RuleStatus | undefined
    for (let look = 0; look < 2000; look++) {
      last = await cell.status(keyOf('a'))
      if (last !== undefined && holds(last)) return last
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    throw new Error(`${what} was not seen: ${JSON.stringify(last)}`)
  }
}

const rowsOut = ({ metrics }: RuleStatus) => Number(metrics.source_demo_0_records_out_total)
const rowsSent = ({ metrics }: RuleStatus) => Number(metrics.sink_lines_0_0_records_out_total)

const ending: readonly (readonly [limit: string, body: string, reason: RegExp])[] = [
  [
    'memory',
    'if (n === 3) { const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1)) }',
    /it used \d+ MB of memory, its limit is 120 MB/,
  ],
  ['silence', 'if (n === 3) for (;;);', /its event loop did not answer for 2000 ms/],
]

for (const [limit, body, reason] of ending) {
  test.serial(
    `too much of ${limit} ends the worker, with its own reason and counter`,
    async (t) => {
      const until = await start(t, body)
      const status = await until(
        'the successor',
        (seen) => Number(seen.metrics[`limit_${limit}_total`]) >= 1 && seen.state === 'running',
      )
      const death = status.deaths.find((each) => each.limit === limit)
      t.regex(death?.reason ?? '', reason)
    },
  )
}

const lasting: readonly (readonly [limit: string, body: string, line: RegExp])[] = [
  ['stack', 'const down = () => down() + 1; if (n === 3) down()', /depth of its stack/],
  ['log', 'if (n < 9) for (let i = 0; i < 500; i++) ctx.logger.info(i)', /plugin acme-act .* log/],
  [
    'state',
    `if (n < 9) try { ctx.putState('big', 'x'.repeat(3e7)) } catch {}`,
    /plugin acme-act .* state/,
  ],
  [
    'timers',
    'if (n === 3) try { for (;;) setTimeout(() => {}, 1e8) } catch {}',
    /plugin acme-act .* timers/,
  ],
  [
    'storage',
    `if (n === 3) ctx.files.write('a', 'x'.repeat(5000)).catch(() => {})`,
    /plugin acme-act .* private folder/,
  ],
]

for (const [limit, body, line] of lasting) {
  test.serial(
    `too much of ${limit} is refused, said and counted; the worker goes on`,
    async (t) => {
      const powers = {
        network: [],
        files: { private: { path: makeFolder(t), quotaBytes: 1000 }, folders: {} },
        secrets: {},
        asked: [],
        grantCall: '',
      }
      const until = await start(t, body, {}, { intervalMs: 20 }, powers)
      const status = await until('it', (seen) => Number(seen.metrics[`limit_${limit}_total`]) >= 1)
      t.regex(status.message, line)
      const later = await until('a later row', (seen) => rowsOut(seen) > rowsOut(status) + 5)
      t.deepEqual(later.deaths, [])
    },
  )
}

test.serial('too many connections are refused, said and counted; the worker goes on', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const powers = {
    network: [`tcp://127.0.0.1:${port}`],
    files: { folders: {} },
    secrets: {},
    asked: [],
    grantCall: '',
  }
  const body = `if (n === 3) for (let i = 0; i < 80; i++) ctx.connect({ host: '127.0.0.1', port: ${port} }).catch(() => {})`
  const until = await start(t, body, {}, { intervalMs: 20 }, powers)
  const status = await until('it', ({ metrics }) => Number(metrics.limit_connections_total) >= 16)
  t.regex(status.message, /plugin acme-act .* connections/)
  const later = await until('a later row', (seen) => rowsOut(seen) > rowsOut(status) + 5)
  t.deepEqual(later.deaths, [])
})

test.serial('a rule that is honestly busy has no limit, and is not ended for it', async (t) => {
  const busy = 'const end = performance.now() + 15; while (performance.now() < end);'
  const until = await start(t, busy, {}, { intervalMs: 1, burst: 2 })
  const status = await until('a share', ({ metrics }) => Number(metrics.cpu_share) > 0.3)
  t.is(status.metrics.limit_cpu_total, undefined)
  const later = await until('later rows', (seen) => rowsOut(seen) > rowsOut(status) + 50)
  t.deepEqual(later.deaths, [])
  t.is(later.state, 'running')
})

test.serial('a rule over its cpuLimit is fed more slowly, and not ended', async (t) => {
  const busy = 'const end = performance.now() + 3; while (performance.now() < end);'
  const until = await start(t, busy, { cpuLimit: 0.1 }, { intervalMs: 1, burst: 2 })
  const over = await until('the limit', ({ metrics }) => Number(metrics.limit_cpu_total) >= 1)
  t.regex(over.message, /share of processor time/)
  const slow = await until('a small share', ({ metrics }) => Number(metrics.cpu_share) < 0.1)
  const later = await until('later rows', (seen) => rowsOut(seen) > rowsOut(slow))
  t.deepEqual(later.deaths, [])
})

test.serial(
  'a window that ends while its rule is fed nothing comes without a further row',
  async (t) => {
    const busy = 'const end = performance.now() + 60; while (performance.now() < end);'
    const sql = 'SELECT count(act(n)) AS n FROM demo GROUP BY SESSIONWINDOW(ss, 60, 5)'
    const once = { burst: 40, intervalMs: 600_000 }
    const until = await start(t, busy, { cpuLimit: 0.1 }, { sql, ...once })
    const over = await until('the limit', ({ metrics }) => Number(metrics.limit_cpu_total) >= 1)
    t.is(rowsSent(over), 0)
    const later = await until('the window', (seen) => rowsSent(seen) === 1)
    t.deepEqual(later.deaths, [])
  },
)

test.serial('a plugin that works on although its rule is given nothing is ended', async (t) => {
  t.timeout(240_000)
  const busy = `if (n === 1) setInterval(() => {
    const end = performance.now() + 15
    while (performance.now() < end);
  }, 1)`
  const until = await start(t, busy, { cpuLimit: 0.1 })
  const status = await until('its end', ({ deaths }) => deaths.length > 0)
  t.regex(status.deaths[0]?.reason ?? '', /it used \d+ % of a core for 20 s .* cpuLimit is 10 %/)
  t.is(status.deaths[0]?.limit, 'cpu')
})
