import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const raw = {
  'package.json': JSON.stringify({
    name: 'acme-raw',
    version: '1.0.0',
    type: 'module',
    plutino: { sinks: { raw: 'src/raw.ts' } },
  }),
  'src/raw.ts': `
import { writeFileSync } from 'node:fs'
import { words } from 'words'
import { helper } from './helper.ts'
export class Raw {
  accepts: 'rows' = 'rows'
  path = ''
  configure(props: { path: string }) { this.path = props.path }
  open() {}
  collect(_ctx: unknown, rows: object[]) {
    writeFileSync(this.path, JSON.stringify({ rows, words, helper: helper(), pid: process.pid }))
  }
  close() {}
}`,
  'src/helper.ts': 'export const helper = (): string => "helped"',
  'node_modules/words/package.json': '{"name": "words", "version": "1.0.0", "main": "main.cjs"}',
  'node_modules/words/main.cjs': 'exports.words = ["a"]',
  'prebuilt.node': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0]),
}
const echo = { 'Plain.js': 'exports.Plain = { exec: ([value]) => value }' }

async function start(t: ExecutionContext, yaml: string) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': yaml })
  const zip = (name: string, files: Readonly<Record<string, string | Buffer>>) => {
    writeFileSync(join(folder, name), zipOf(files))
    return pathToFileURL(join(folder, name)).href
  }
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const request = (method: string, to: string, body?: unknown) =>
    send(`${server.url}${to}`, method, body)
  return { folder, request, file: zip('raw.zip', raw), plain: zip('plain.zip', echo) }
}

test.serial('a trusted plugin is refused unless the operator allowed it', async (t) => {
  const { request, file } = await start(t, '')
  const refused = await request('POST', '/plugins', { file, tier: 'trusted' })
  t.is(refused.status, 403)
  t.regex(Object(refused.body).message, /option plugins\.trusted refuses those/)
  const sandboxed = await request('POST', '/plugins', { file })
  t.is(sandboxed.status, 400)
  t.regex(Object(sandboxed.body).message, /compiled code in "prebuilt\.node"/)
  t.deepEqual((await request('GET', '/plugins/sinks')).body, [])
})

test.serial(
  'a trusted plugin is loaded as raw modules, and is shown as trusted everywhere',
  async (t) => {
    const { folder, request, file, plain } = await start(t, 'plugins:\n  trusted: allow\n')
    const created = await request('POST', '/plugins/sinks', { name: 'raw', file, tier: 'trusted' })
    t.is(created.status, 201)
    t.is(
      created.body,
      'sinks plugin raw is created. it is trusted: nothing confines it, and it can do whatever the server can',
    )
    t.like((await request('GET', '/plugins/sinks/raw')).body, { tier: 'trusted' })
    t.like(Object((await request('GET', '/plugins')).body).packages[0], { tier: 'trusted' })
    await request('POST', '/streams', {
      sql: 'CREATE STREAM demo () WITH (DATASOURCE="rows", TYPE="memory", FORMAT="json")',
    })
    const path = join(folder, 'out.json')
    const rule = { id: 'r', sql: 'SELECT * FROM demo', actions: [{ raw: { path } }] }
    t.is((await request('POST', '/rules', rule)).status, 201)
    const mixed = { id: 'm', sql: 'SELECT plain(a) AS b FROM demo', actions: [{ raw: { path } }] }
    await request('POST', '/plugins/functions', { name: 'plain', file: plain })
    const refused = await request('POST', '/rules', mixed)
    t.regex(
      Object(refused.body).message,
      /rule "m": sink "raw" is trusted and function "plain" is sandboxed/,
    )
    const status = await request('GET', '/rules/r/status')
    t.deepEqual(Object(status.body).plugins, ['sink raw of acme-raw@1.0.0, trusted'])
    await request('POST', '/streams', {
      sql: 'CREATE STREAM src () WITH (DATASOURCE="x", TYPE="simulator", FORMAT="json")',
    })
    t.is(
      (
        await request('POST', '/rules', {
          id: 'feed',
          sql: 'SELECT * FROM src',
          actions: [{ memory: { topic: 'rows' } }],
        })
      ).status,
      201,
    )
    const text = await until('what the test waits for', () => {
      try {
        return readFileSync(path, 'utf8') || undefined
      } catch {
        return undefined
      }
    })
    t.like(JSON.parse(text), { words: ['a'], helper: 'helped', pid: process.pid })
  },
)

test.serial('tiers share a worker where the operator allowed it', async (t) => {
  const { folder, request, file, plain } = await start(
    t,
    'plugins:\n  trusted: allow\n  shareTrusted: true\n',
  )
  await request('POST', '/plugins', { file, tier: 'trusted' })
  await request('POST', '/plugins/functions', { name: 'plain', file: plain })
  await request('POST', '/streams', {
    sql: 'CREATE STREAM demo () WITH (DATASOURCE="rows", TYPE="memory", FORMAT="json")',
  })
  const path = join(folder, 'out.json')
  const mixed = { id: 'm', sql: 'SELECT plain(a) AS b FROM demo', actions: [{ raw: { path } }] }
  t.is((await request('POST', '/rules', mixed)).status, 201)
  t.is(Object((await request('GET', '/rules/m/status')).body).status, 'running')
})
