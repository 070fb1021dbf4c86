import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { run } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { zipOf } from '#test/fixtures/zip.ts'

async function makeHost(t: ExecutionContext) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  let zips = 0
  return {
    call: (method: string, path: string, body?: unknown) => send(server.url + path, method, body),
    cli: (...words: string[]) => run('host/cli/main.ts', ['--url', server.url, ...words]),
    zip(files: Readonly<Record<string, string>>) {
      const path = join(folder, `${++zips}.zip`)
      writeFileSync(path, zipOf(files))
      return pathToFileURL(path).href
    },
  }
}

const script = 'exports.Echo = { exec: ([value]) => value }'

test.serial(
  'versions of the seed stand side by side in their order, and are shown by REST and command line',
  async (t) => {
    t.timeout(300_000)
    const { call, cli, zip } = await makeHost(t)
    const install = (file: string) =>
      call('POST', '/plugins/functions', { name: 'echo', file: zip({ [file]: script }) })
    for (const file of [
      'Echo.js',
      'Echo@20200331.js',
      'Echo@nightly.js',
      'Echo@vNext.js',
      'Echo@v1.9.0.js',
    ])
      t.is((await install(file)).status, 201, file)
    t.like((await call('GET', '/plugins/functions/echo')).body, { name: 'echo', version: '1.9.0' })
    t.is((await install('Echo@v1.10.0.js')).status, 201)
    const again = await install('Echo@v20200331.js')
    t.is(again.status, 409)
    t.like(again.body, { code: 'duplicate' })
    const { body } = await call('GET', '/plugins/functions/echo')
    t.deepEqual(Object.keys(Object(body)).slice(0, 2), ['name', 'version'])
    t.like(body, {
      version: '1.10.0',
      versions: ['1.10.0', '1.9.0', 'nightly', 'Next', '20200331', ''],
    })
    const told = await cli('describe', 'plugin', 'function', 'echo')
    t.is(JSON.parse(told.stdout).version, '1.10.0')
    const described = await cli('plugin', 'describe', 'echo')
    t.deepEqual(
      JSON.parse(described.stdout).versions.map(({ version }: { version: string }) => version),
      ['1.10.0', '1.9.0', 'nightly', 'Next', '20200331', ''],
    )
    const wrong = await call('GET', '/plugins/echoo')
    t.is(wrong.status, 404)
    t.like(wrong.body, { message: 'package "echoo" is not installed; did you mean "echo"?' })
    const missing = await call('DELETE', '/plugins/echo?version=2.0.0')
    t.like(missing.body, {
      message:
        'version "2.0.0" of package "echo" is not installed; there is "", "1.10.0", "1.9.0", "20200331", "Next", "nightly"',
    })
  },
)

test.serial(
  'rules choose versions by range, exactly or not at all, side by side, and keep them',
  async (t) => {
    t.timeout(300_000)
    const { call, zip } = await makeHost(t)
    for (const file of ['Echo@nightly.js', 'Echo@v1.9.0.js', 'Echo@v1.10.0.js'])
      await call('POST', '/plugins/functions', { name: 'echo', file: zip({ [file]: script }) })
    await call('POST', '/streams', {
      sql: 'CREATE STREAM s () WITH (DATASOURCE="t", TYPE="memory")',
    })
    const rule = (id: string, wanted?: string) =>
      call('POST', '/rules', {
        id,
        sql: 'SELECT echo(a) AS b FROM s',
        actions: [{ nop: {} }],
        ...(wanted === undefined ? {} : { options: { plugins: { echo: wanted } } }),
      })
    for (const [id, wanted] of [
      ['latest', undefined],
      ['range', '~1.9'],
      ['named', 'nightly'],
    ] as const)
      t.is((await rule(id, wanted)).status, 201, id)
    const plugins = async (id: string) =>
      Object((await call('GET', `/rules/${id}/status`)).body).plugins
    t.deepEqual(await Promise.all(['latest', 'range', 'named'].map(plugins)), [
      ['function echo of echo@1.10.0'],
      ['function echo of echo@1.9.0'],
      ['function echo of echo@nightly'],
    ])
    t.is((await rule('none', '^2')).status, 400)
    const file = zip({ 'Echo@v2.0.0.js': script })
    t.is(
      (await call('POST', '/plugins/functions', { name: 'echo', file })).body,
      `functions plugin echo is created. rules stay on the version that they have (latest on version 1.10.0; range on version 1.9.0; named on version nightly); to move them: plutino plugin upgrade echo ${file}`,
    )
    t.deepEqual(await plugins('latest'), ['function echo of echo@1.10.0'])
    t.like((await call('GET', '/plugins/functions/echo')).body, {
      version: '2.0.0',
      uses: [
        { version: '1.10.0', rules: ['latest'] },
        { version: '1.9.0', rules: ['range'] },
        { version: 'nightly', rules: ['named'] },
      ],
    })
  },
)

test.serial('a plugin for another host is refused with the range that it names', async (t) => {
  const { call, zip } = await makeHost(t)
  const manifest = (range: string) =>
    JSON.stringify({
      name: 'echo',
      version: '1.0.0',
      engines: { plutino: range },
      plutino: { functions: { echo: 'index.js' } },
    })
  const install = (range: string) =>
    call('POST', '/plugins', { file: zip({ 'package.json': manifest(range), 'index.js': script }) })
  const refused = await install('^9.0.0')
  t.is(refused.status, 400)
  t.like(refused.body, { code: 'newer-host-needed' })
  t.regex(Object(refused.body).message, /\^9\.0\.0/)
  t.is((await install('>=0.1.0')).status, 201)
})

test.serial('Kuiper’s prebuilt plugins: there are none', async (t) => {
  const { call } = await makeHost(t)
  for (const kind of ['sources', 'sinks', 'functions'])
    t.deepEqual((await call('GET', `/plugins/${kind}/prebuild`)).body, {}, kind)
})
