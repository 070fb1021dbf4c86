import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { start as startCommand } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { makePluginHost, packageFiles } from '#test/fixtures/plugin-host.ts'
import { send } from '#test/fixtures/server.ts'
import { markerZip } from '#test/fixtures/upgrade-rules.ts'
import { zipOf } from '#test/fixtures/zip.ts'

interface Job {
  readonly id: string
  readonly state: string
  readonly step: string
  readonly bytes?: number
  readonly total?: number
  readonly answer?: string
  readonly error?: { readonly code: string; readonly message: string }
}

async function makeHost(t: ExecutionContext) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const call = (method: string, path: string, body?: unknown, headers = {}) =>
    send(`${server.url}${path}`, method, body, headers)
  return { server, folder, call }
}

type Call = Awaited<ReturnType<typeof makeHost>>['call']

/** A job when it has come so far. */
async function jobWhere(call: Call, id: string, isThere: (job: Job) => boolean): Promise<Job> {
  for (let i = 0; i < 3000; i++) {
    const job = (await call('GET', `/plugins/jobs/${id}`)).body as Job
    if (isThere(job)) return job
    await sleep(20)
  }
  throw new Error(`job ${id} did not come so far within 60 s`)
}

/** Every event of a job, to its end. */
async function eventsOf(url: string, id: string): Promise<Job[]> {
  const response = await fetch(`${url}/plugins/jobs/${id}/events`)
  const text = await response.text()
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('data: '))
    .map((block) => JSON.parse(block.slice(6)))
}

/** A zip whose second half never comes, until it is let go. */
async function slowZip(t: ExecutionContext, zip: Buffer) {
  const gate = Promise.withResolvers<void>()
  t.teardown(() => gate.resolve())
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': String(zip.length) })
    response.write(zip.subarray(0, zip.length >> 1))
    void gate.promise.then(() => response.end(zip.subarray(zip.length >> 1)))
  })
  return { file: `${url}/tools.zip`, letGo: () => gate.resolve() }
}

function installedIn(folder: string): string[] {
  try {
    return readdirSync(join(folder, 'data', 'packages'), { recursive: true }).map(String)
  } catch {
    return []
  }
}

test.serial(
  'an installation as a job: 202, then each step in its order, then the answer',
  async (t) => {
    const { server, call } = await makeHost(t)
    const zip = zipOf(packageFiles('1.0.0'))
    const { file, letGo } = await slowZip(t, zip)
    const made = await call('POST', '/plugins?async=true', { file })
    t.is(made.status, 202)
    const { id, state } = made.body as Job
    t.is(state, 'running')
    const events = eventsOf(server.url, id)
    const half = await jobWhere(call, id, ({ bytes = 0 }) => bytes > 0)
    t.like(half, { state: 'running', step: 'downloading', total: zip.length })
    letGo()
    const all = await events
    const steps = [...new Set(all.map(({ step }) => step))].filter((step) => step !== 'waiting')
    t.deepEqual(steps, [
      'downloading',
      'downloaded',
      'checked',
      'bundled',
      'inspected',
      'stored',
      'recorded',
      'done',
    ])
    t.like(
      all.find(({ step }) => step === 'downloaded'),
      { bytes: zip.length, total: zip.length },
    )
    t.like(all.at(-1), {
      state: 'done',
      answer: 'plugin @acme/tools 1.0.0 is created with tail, shout, echo, total',
    })
    t.like((await call('GET', `/plugins/jobs/${id}`)).body, { state: 'done' })
    const again = await call('POST', '/plugins', { file }, { prefer: 'respond-async' })
    t.is(again.status, 202)
    const [last] = (await eventsOf(server.url, (again.body as Job).id)).slice(-1)
    t.like(last, { state: 'failed', error: { code: 'duplicate' } })
  },
)

test.serial(
  'a job that is called off while it downloads leaves nothing, and lets the next one in',
  async (t) => {
    const { folder, call } = await makeHost(t)
    const { file } = await slowZip(t, zipOf(packageFiles('1.0.0')))
    const { id } = (await call('POST', '/plugins?async=true', { file })).body as Job
    const waiting = (await call('POST', '/plugins?async=true', { file })).body as Job
    await jobWhere(call, id, ({ bytes = 0 }) => bytes > 0)
    const calledOff = call('DELETE', `/plugins/jobs/${waiting.id}`)
    t.like((await call('DELETE', `/plugins/jobs/${id}`)).body, { state: 'cancelled' })
    t.like((await calledOff).body, { state: 'cancelled' })
    t.deepEqual(installedIn(folder), [])
    t.deepEqual((await call('GET', '/plugins/functions')).body, [])
    const done = await call('POST', '/plugins', { file: markerZip(folder, '1.0.0') })
    t.is(done.status, 201)
    const unknown = await call('GET', '/plugins/jobs/nobody')
    t.is(unknown.status, 404)
  },
)

for (const step of ['downloaded', 'checked', 'bundled', 'inspected', 'stored']) {
  test.serial(`a job that is called off at the step ${step} leaves nothing`, async (t) => {
    const { host, zip, files, catalog } = await makePluginHost(t)
    const abort = new AbortController()
    const done = host.installPackage(
      'default',
      { file: zip('a.zip', packageFiles('1.0.0')) },
      {
        signal: abort.signal,
        progress: (news) => {
          if (news.step === step) abort.abort()
        },
      },
    )
    await t.throwsAsync(done, { message: /called off|given up/ })
    t.deepEqual(files(), [])
    t.deepEqual(catalog.plugins.list('default'), [])
    const again = await host.installPackage('default', {
      file: zip('b.zip', packageFiles('1.0.0')),
    })
    t.is(again.version, '1.0.0')
  })
}

test.serial('no more than 16 jobs are under way', async (t) => {
  const { call } = await makeHost(t)
  const { file } = await slowZip(t, zipOf(packageFiles('1.0.0')))
  const made: Job[] = []
  for (let i = 0; i < 16; i++)
    made.push((await call('POST', '/plugins?async=true', { file })).body as Job)
  const refused = await call('POST', '/plugins?async=true', { file })
  t.is(refused.status, 429)
  t.like(refused.body, { code: 'too-many-jobs' })
  await Promise.all(made.map(({ id }) => call('DELETE', `/plugins/jobs/${id}`)))
  const { body } = await call('GET', '/plugins/jobs')
  t.deepEqual(new Set((body as Job[]).map(({ state }) => state)), new Set(['cancelled']))
})

test.serial('Ctrl-C in plugin install calls the installation off', async (t) => {
  const { server, folder, call } = await makeHost(t)
  const { file } = await slowZip(t, zipOf(packageFiles('1.0.0')))
  const command = startCommand('host/cli/main.ts', ['--url', server.url, 'plugin', 'install', file])
  await command.says(/downloading/)
  command.child.kill('SIGINT')
  const { code, stderr } = await command.finished
  t.is(code, 1)
  t.regex(stderr, /calling it off\n.*(called off|given up)/)
  t.deepEqual(installedIn(folder), [])
  t.deepEqual((await call('GET', '/plugins/functions')).body, [])
})

test.serial('the page of the API names each of these paths with its answers', async (t) => {
  const { call } = await makeHost(t)
  const { paths } = (await call('GET', '/docs/json')).body as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
  }
  for (const [path, method, code] of [
    ['/plugins/jobs/{id}', 'get', '200'],
    ['/plugins/{package}', 'get', '200'],
    ['/plugins/{package}', 'put', '202'],
    ['/plugins/prune', 'post', '200'],
    ['/plugins/{package}/audit', 'get', '200'],
    ['/plugins/sinks/{name}/metrics', 'get', '200'],
    ['/plugins/functions/{name}/logs', 'get', '200'],
  ] as const)
    t.truthy(paths[path]?.[method]?.responses[code], `${method} ${path}`)
})
