import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack } from '@plutino/sdk/pack'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'

const sample = fileURLToPath(new URL('../../sample-plugins/weather-station', import.meta.url))

/** A whole server, and the packed sample at an URL. */
async function start(t: ExecutionContext, files: Readonly<Record<string, string>> = {}) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '', ...files })
  const { path } = await pack(sample, { output: join(folder, 'w.zip') })
  const web = await serve(t, (request, response) => {
    if (request.url === '/weather-station.zip') response.end(readFileSync(path))
    else response.writeHead(404).end()
  })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const request = (method: string, to: string, body?: unknown) =>
    send(`${server.url}${to}`, method, body)
  return { folder, file: `${web}/weather-station.zip`, request }
}

const stream = 'CREATE STREAM sky () WITH (DATASOURCE="Hamburg", TYPE="weather", FORMAT="json")'

test.serial('installed from a URL, its source, function and sink run in one rule', async (t) => {
  const yaml = 'default:\n  interval: 5\n  seed: 7\n  count: 4\n'
  const { folder, file, request } = await start(t, { 'etc/sources/weather.yaml': yaml })
  const created = await request('POST', '/plugins/functions', { name: 'feelsLike', file })
  t.is(created.status, 201)
  t.regex(String(created.body), /^functions plugin feelsLike is created/)
  t.like((await request('GET', '/plugins/sinks/bulletin')).body, {
    name: 'bulletin',
    version: '1.0.0',
  })
  t.is((await request('POST', '/streams', { sql: stream })).status, 201)
  const sql = 'SELECT place, n, feelsLike(temperature, humidity) AS felt FROM sky'
  const actions = [{ bulletin: { title: 'news' } }]
  t.is((await request('POST', '/rules', { id: 'r', sql, actions })).status, 201)
  const lines = await until('what the test waits for', () => {
    const log = readLog(folder)
    const found = [...log.matchAll(/news (\d+): place (\w+), n (\d+), felt (-?[\d.]+)/g)]
    return found.length >= 4 ? found : undefined
  })
  t.deepEqual(
    lines.map(([, number, place, n]) => [number, place, n]),
    [1, 2, 3, 4].map((n) => [`${n}`, 'Hamburg', `${n}`]),
  )
  t.is(readFileSync(join(folder, 'etc/sources/weather.yaml'), 'utf8'), yaml)
})

test.serial(
  'a rule that runs with it keeps it, and an update by the same zip leaves that rule as it is',
  async (t) => {
    const { file, request } = await start(t)
    await request('POST', '/plugins/sources', { name: 'weather', file })
    await request('POST', '/streams', { sql: stream })
    await request('POST', '/rules', { id: 'r', sql: 'SELECT n FROM sky', actions: [{ nop: {} }] })
    const refused = await request('DELETE', '/plugins/sinks/bulletin')
    t.is(refused.status, 409)
    t.deepEqual(refused.body, {
      error: 1000,
      message:
        'source plugin "weather" is used by rule r; stop or change it first, or add ?force=true',
      code: 'in-use',
    })
    const updated = await request('PUT', '/plugins/sources/weather', { name: 'weather', file })
    t.is(updated.body, 'sources plugin weather is updated. Rules that stay as they are: r.')
    await until('what the test waits for', async () => {
      const { body } = await request('GET', '/rules/r/status')
      const { status, source_sky_0_records_in_total: rows } = body as Record<string, unknown>
      return status === 'running' && Number(rows) > 0 ? true : undefined
    })
    await request('DELETE', '/rules/r')
    t.is(
      (await request('DELETE', '/plugins/sinks/bulletin')).body,
      'sinks plugin bulletin is deleted',
    )
    t.deepEqual((await request('GET', '/plugins/sources')).body, [])
  },
)

test.serial('a URL that is 404 changes nothing', async (t) => {
  const { file, request } = await start(t)
  const missing = file.replace('weather-station', 'nowhere')
  const answer = await request('POST', '/plugins/sources', { name: 'weather', file: missing })
  t.deepEqual(answer, {
    status: 400,
    type: 'application/json',
    body: {
      error: 1000,
      message: `fail to download file ${missing}: the answer was 404 Not Found`,
      code: 'download-failed',
    },
  })
  t.deepEqual((await request('GET', '/plugins/sources')).body, [])
})

function readLog(folder: string): string {
  try {
    return readFileSync(join(folder, 'log', 'stream.log'), 'utf8')
  } catch {
    return ''
  }
}
