import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { Catalog } from '#host/catalog/catalog.ts'
import { startServer } from '#host/server.ts'
import { run } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const script = `
  exports.Peek = class {
    async exec() {}
  }
  exports.Keep = class {
    configure() {}
    async open(ctx) { ctx.logger.info('keep is open') }
    async collect(ctx) {
      await ctx.fetch('http://127.0.0.1:9/secret').catch((error) => ctx.logger.warn('no: ' + error.code))
    }
    close() {}
  }`

interface Entry {
  readonly package: string
  readonly version: string
  readonly what: string
  readonly rule: string
  readonly detail: string
  readonly result: string
  readonly count: number
}

async function makeHost(t: ExecutionContext) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': 'basic:\n  fileLog: true\n' })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await send(`${server.url}${path}`, method, body)
    if (answer.status >= 400) throw new Error(JSON.stringify(answer.body))
    return answer.body
  }
  const zip = (version: string, permissions: object = {}) => {
    const path = join(folder, `${version}.zip`)
    const plutino = { sinks: { keep: 'index.js' }, permissions }
    const manifest = { name: 'acme-keep', version, plutino }
    writeFileSync(path, zipOf({ 'package.json': JSON.stringify(manifest), 'index.js': script }))
    return pathToFileURL(path).href
  }
  return {
    folder,
    call,
    zip,
    cli: (...words: string[]) => run('host/cli/main.ts', ['--url', server.url, ...words]),
  }
}

test.serial(
  'what a plugin did, tried, logged and cost is seen by REST and by the command line',
  async (t) => {
    t.timeout(300_000)
    const { folder, call, zip, cli } = await makeHost(t)
    await call('POST', '/plugins', { file: zip('1.0.0') })
    await t.throwsAsync(call('POST', '/plugins', { file: zip('1.0.0') }))
    await call('PUT', '/metadata/sources/simulator/confKeys/here', {
      data: [{ n: 1 }, { n: 2 }, { n: 3 }],
      interval: '1ms',
      loop: false,
    })
    await call('POST', '/streams', {
      sql: 'CREATE STREAM s (n BIGINT) WITH (DATASOURCE="x", TYPE="simulator", FORMAT="json", CONF_KEY="here")',
    })
    await call('POST', '/rules', { id: 'r', sql: 'SELECT n FROM s', actions: [{ keep: {} }] })
    const audit = async () => (await call('GET', '/plugins/acme-keep/audit')) as Entry[]
    await until('the refusal in the trail', async () =>
      (await audit()).some(({ what }) => what === 'refused'),
    )
    const refused = (await audit()).filter(({ what }) => what === 'refused')
    t.like(refused[0], {
      package: 'acme-keep',
      version: '1.0.0',
      rule: 'r',
      detail: 'network http://127.0.0.1:9',
      result: 'refused',
    })
    const installs = (await audit()).filter(({ what }) => what === 'install')
    t.is(installs.find(({ result }) => result === 'done')?.version, '1.0.0')

    await until('its lines in its log', async () =>
      JSON.stringify(await call('GET', '/plugins/sinks/keep/logs?lines=50')).includes('no: '),
    )
    const [first] = (await call('GET', '/plugins/sinks/keep/logs')) as object[]
    t.like(first, { level: 'info', rule: 'r', msg: 'keep is open' })
    const path = join(folder, 'log', 'plugins', 'acme-keep.log')
    t.true(existsSync(path))
    t.true(readFileSync(path, 'utf8').includes('"keep is open"'))

    await until('all rows in its sink', async () => {
      const { rows_in_total: rows } = (await call('GET', '/plugins/acme-keep/metrics')) as {
        rows_in_total: number
      }
      return rows === 3
    })
    const figures = await call('GET', '/plugins/acme-keep/metrics')
    t.like(figures, { package: 'acme-keep', rows_in_total: 3, rows_out_total: 0, errors_total: 0 })
    t.true(Number(Object(figures).refused_total) >= 1)
    const text = String(await call('GET', '/metrics'))
    t.regex(text, /^# TYPE plutino_plugin_rows_in_total counter$/m)
    t.regex(text, /^plutino_plugin_rows_in_total\{package="acme-keep"\} 3$/m)
    t.regex(text, /^plutino_records_in_total\{rule="r",op="sink_keep_0_0"\} 3$/m)
    const shape =
      /^(# TYPE [a-z_:]+ (counter|gauge)|[a-z_:0-9]+\{([a-z]+="[^"\n]*",?)*\} -?[0-9.e+]+)$/
    for (const line of text.trimEnd().split('\n')) t.regex(line, shape)

    const listed = await cli('plugin', 'list')
    t.regex(listed.stdout, /acme-keep +1\.0\.0 +sandboxed +sink keep +r/)
    const tried = await cli('plugin', 'audit', 'acme-keep')
    t.regex(tried.stdout, /acme-keep@1\.0\.0 +refused +r +network http:\/\/127\.0\.0\.1:9/)
    const logged = await cli('plugin', 'logs', 'sink', 'keep')
    t.regex(logged.stdout, /info rule r: keep is open/)
    const wrong = await cli('plugin', 'describe', 'acme-kep')
    t.deepEqual([wrong.code, wrong.stderr.includes('did you mean "acme-keep"?')], [1, true])
    const gone = await cli('plugin', 'remove', 'acme-keep@1.0.0', '--force')
    t.deepEqual([gone.code, gone.stdout], [0, 'acme-keep@1.0.0\n'])
    const kept = (await audit()).find(({ what }) => what === 'remove')
    t.is(kept?.result, 'done')
  },
)

test.serial('the log says which plugin was changed, how, and by whom', async (t) => {
  t.timeout(300_000)
  const { folder, call, zip } = await makeHost(t)
  const secrets = ['apiKey']
  await call('POST', '/plugins', { file: zip('1.0.0', { secrets }) })
  await t.throwsAsync(call('POST', '/plugins', { file: zip('1.0.0', { secrets }) }))
  await call('POST', '/plugins/sinks/keep/grants', { secrets })
  await call('PUT', '/plugins/acme-keep', { file: zip('1.1.0', { secrets }) })
  await call('DELETE', '/plugins/sinks/keep/grants')
  await call('DELETE', '/plugins/acme-keep')
  const lines = () =>
    readFileSync(join(folder, 'log/stream.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line): { level: unknown; msg: string } => JSON.parse(line))
      .filter(({ msg }) => msg.startsWith('plugin acme-keep'))
  await until('the removal in the log', async () =>
    lines().some(({ msg }) => msg.includes('remove')),
  )
  t.deepEqual(
    lines().map(({ msg }) => msg),
    [
      'plugin acme-keep 1.0.0: install, by tenant default',
      'plugin acme-keep 1.0.0: grant {"secrets":["apiKey"]}, by tenant default',
      'plugin acme-keep 1.1.0: upgrade, by tenant default',
      'plugin acme-keep 1.1.0: revoke all, by tenant default',
      'plugin acme-keep 1.0.0, 1.1.0: remove, by tenant default',
    ],
  )
  const info = 30 // as pino writes it
  t.true(lines().every(({ level }) => level === info))
})

test('the trail of a package is bounded, and the same refusal is one entry with a count', (t) => {
  const catalog = new Catalog(join(makeFolder(t), 'data'))
  t.teardown(() => catalog.close())
  const note = { package: 'p', version: '1', what: 'refused', rule: 'r', result: 'refused' }
  for (let i = 0; i < 700; i++)
    catalog.audit.add('default', { ...note, detail: `network ${i}`, at: i })
  catalog.audit.add('default', { ...note, detail: 'network 699', count: 4, at: 5000 })
  catalog.audit.add('default', { ...note, what: 'install', detail: '', result: 'done', at: 1 })
  const all = catalog.audit.list('default', 'p', 5000)
  t.is(all.length, 501)
  t.like(all[0], { detail: 'network 699', count: 5, firstAt: 699, lastAt: 5000 })
  t.true(all.some(({ what }) => what === 'install'))
  t.false(all.some(({ detail }) => detail === 'network 0'))
  t.is(catalog.audit.refusals('default', 'p'), 504)
  t.is(catalog.audit.list('other', 'p').length, 0)
})
