import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const manifest = {
  name: 'acme-keeper',
  version: '1.0.0',
  plutino: {
    sources: { lines: 'index.js' },
    sinks: { keeper: 'index.js' },
    permissions: {
      files: { private: { quotaBytes: 100_000 }, folders: { input: 'read' } },
      secrets: ['apiKey'],
    },
  },
}

const script = `
export class Lines {
  configure(datasource) { this.path = datasource }
  async *read(ctx) {
    let text = ''
    for await (const piece of ctx.files.folder('input').readStream(this.path)) text += new TextDecoder().decode(piece)
    for (const line of text.split('\\n').filter(Boolean)) yield { line }
  }
  async open(ctx, consumer) {
    const header = new TextDecoder().decode(await ctx.files.folder('etc').read('header.txt'))
    for await (const row of this.read(ctx)) await consumer({ ...row, header })
  }
  close() {}
}
export class Keeper {
  accepts = 'rows'
  configure(props) { this.props = props }
  async open(ctx) {
    this.key = await ctx.secrets.get('apiKey')
    ctx.logger.info('the key is ' + this.key + ', the word is ' + this.props.word)
    await ctx.files.mkdir('out')
  }
  async collect(ctx, rows) {
    for (const { line, header } of rows) await ctx.files.append('out/rows.txt', header + ':' + line + '\\n')
    const [entry] = await ctx.files.list('out')
    ctx.logger.info('kept ' + entry.name + ' ' + (entry.bytes > 0))
    if (rows.some(({ line }) => line === 'fail')) throw new Error('no, not with ' + this.key)
  }
  close() {}
}`

async function start(t: ExecutionContext, files: Readonly<Record<string, string>> = {}) {
  const folder = makeFolder(t, {
    'etc/plutino.yaml': '',
    'etc/secrets.yaml': 'apiKey: hunter2hunter2\nword: sesame\n',
    'input/a.txt': 'one\ntwo\n',
    ...files,
  })
  const zip = (name: string, content: Readonly<Record<string, string>>) => {
    writeFileSync(join(folder, name), zipOf(content))
    return pathToFileURL(join(folder, name)).href
  }
  const file = zip('keeper.zip', {
    'package.json': JSON.stringify(manifest),
    'index.js': script,
    'etc/header.txt': 'H',
  })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const request = (method: string, to: string, body?: unknown) =>
    send(`${server.url}${to}`, method, body)
  const log = () => {
    const path = join(folder, 'log', 'stream.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  return { folder, file, zip, request, log }
}

type Request = Awaited<ReturnType<typeof start>>['request']

const stream = 'CREATE STREAM s () WITH (DATASOURCE="a.txt", TYPE="lines", FORMAT="json")'
const rule = {
  id: 'r',
  sql: 'SELECT * FROM s',
  actions: [{ keeper: { word: 'secret:word' } }],
  options: { restartStrategy: { attempts: 0 } },
}

const messageOf = async (request: Request): Promise<string> => {
  const { body } = await request('GET', '/rules/r/status')
  return String(Object(body).message)
}

test.serial('nothing is had until it is granted; then the rules that use it have it', async (t) => {
  const { folder, file, request, log } = await start(t)
  const created = await request('POST', '/plugins/sinks', { name: 'keeper', file })
  t.is(created.status, 201)
  t.is(
    created.body,
    'sinks plugin keeper is created. it asks for files private, files input, secrets apiKey and has no such power until it is granted: POST /plugins/sinks/keeper/grants, plutino plugin grant keeper --grant files.private --grant files.input=PATH --grant secrets=apiKey',
  )
  await request('POST', '/streams', { sql: stream })
  t.is((await request('POST', '/rules', rule)).status, 201)
  const denied = await until('what the test waits for', async () => {
    const message = await messageOf(request)
    return message.includes('apiKey') ? message : undefined
  })
  t.regex(denied, /sink "keeper" of plugin acme-keeper@1\.0\.0/)
  t.regex(denied, /asks for secrets "apiKey" and was not granted it/)
  t.regex(
    denied,
    /POST \/plugins\/sources\/lines\/grants, plutino plugin grant lines --grant secrets=apiKey/,
  )
  const body = { all: true, files: { input: join(folder, 'input') } }
  const granted = await request('POST', '/plugins/keeper/grants', body)
  t.is(granted.body, 'plugin keeper is granted. Rules restarted with it: r.')
  await until('what the test waits for', () =>
    log().includes('kept rows.txt true') ? true : undefined,
  )
  const [own] = readdirSync(join(folder, 'data', 'files', 'default'))
  const kept = join(folder, 'data', 'files', 'default', String(own), 'out', 'rows.txt')
  await until('the second row', () => readFileSync(kept, 'utf8').includes('two\n'))
  t.is(readFileSync(kept, 'utf8'), 'H:one\nH:two\n')
  const { body: grants } = await request('GET', '/plugins/sinks/keeper/grants')
  t.deepEqual(
    Object(grants).given.map(({ to }: { to: string }) => to),
    ['private', 'apiKey', 'input'],
  )
  const revoked = await request('DELETE', '/plugins/sinks/keeper/grants', { secrets: ['apiKey'] })
  t.is(revoked.body, 'grants of sinks plugin keeper are revoked. Rules restarted with it: r.')
  t.regex(
    await until('what the test waits for', async () => (await messageOf(request)) || undefined),
    /was not granted it/,
  )
})

test.serial('a secret is in no log line, no status and no description', async (t) => {
  const { folder, file, request, log } = await start(t, { 'input/a.txt': 'fail\n' })
  const grants = { all: true, files: { input: join(folder, 'input') } }
  t.is(
    (await request('POST', '/plugins/sinks', { name: 'keeper', file, grants })).body,
    'sinks plugin keeper is created',
  )
  await request('POST', '/streams', { sql: stream })
  t.is((await request('POST', '/rules', rule)).status, 201)
  await until('what the test waits for', () => (log().includes('no, not with') ? true : undefined))
  t.true(log().includes('the key is ******, the word is ******'))
  const answers = [
    log(),
    ...(await Promise.all(
      [
        '/rules/r',
        '/rules/r/status',
        '/rules/r/explain',
        '/plugins/sinks/keeper',
        '/plugins',
        '/rules',
      ].map(async (path) => JSON.stringify((await request('GET', path)).body)),
    )),
  ]
  for (const text of answers) t.false(/hunter2|sesame/.test(text), text)
})

test.serial(
  'the policy file is read again when it changes, and the rules that it concerns restart',
  async (t) => {
    const { folder, file, request, log } = await start(t)
    await request('POST', '/plugins/sinks', { name: 'keeper', file })
    await request('POST', '/streams', { sql: stream })
    await request('POST', '/rules', rule)
    await until('what the test waits for', async () =>
      (await messageOf(request)).includes('apiKey') ? true : undefined,
    )
    mkdirSync(join(folder, 'etc'), { recursive: true })
    const policy = `acme-keeper:\n  all: true\n  files:\n    input: ${join(folder, 'input')}\n`
    writeFileSync(join(folder, 'etc', 'grants.yaml'), policy)
    await until('what the test waits for', () =>
      log().includes('kept rows.txt true') ? true : undefined,
    )
    writeFileSync(join(folder, 'etc', 'grants.yaml'), 'acme-keeper: {netwrok: []}\n')
    await until('what the test waits for', () =>
      /grants\.yaml: grants of package/.test(log()) ? true : undefined,
    )
    const { body } = await request('GET', '/plugins/acme-keeper/grants')
    t.is(Object(body).given.length, 3)
  },
)

test.serial('a package is looked at, then installed as it was seen', async (t) => {
  const { file, zip, request } = await start(t)
  const { body: preview } = await request('POST', '/plugins/preview', { file })
  t.like(preview, { package: 'acme-keeper', version: '1.0.0' })
  t.deepEqual(Object(preview).asks, [
    { power: 'files', to: 'private' },
    { power: 'files', to: 'input' },
    { power: 'secrets', to: 'apiKey' },
  ])
  const { sha256 } = Object(preview)
  const other = zip('other.zip', {
    'package.json': JSON.stringify(manifest),
    'index.js': `${script}//`,
  })
  const changed = await request('POST', '/plugins', { file: other, sha256 })
  t.is(changed.status, 400)
  t.regex(Object(changed.body).message, /the zip has sha256 [0-9a-f]{64}, asked for was/)
  const created = await request('POST', '/plugins', {
    file,
    sha256,
    grants: { secrets: ['apiKey'] },
  })
  t.regex(
    String(created.body),
    /^plugin acme-keeper 1\.0\.0 is created with lines, keeper\. it asks for files private, files input and/,
  )
  const { body: list } = await request('GET', '/plugins')
  t.like(Object(list).packages[0], { package: 'acme-keeper', tier: 'sandboxed' })
  t.is(Object((await request('GET', '/plugins/manifest.schema.json')).body).type, 'object')
})
