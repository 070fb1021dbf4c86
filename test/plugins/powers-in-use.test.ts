import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: { mode: { enum: ['lazy', 'odd', 'big'] }, level: { type: 'integer', maximum: 3 } },
}

/** A sink that does what its property says, once, and logs what came of it. */
const script = `
const tried = async (ctx, name, work) => {
  try { ctx.logger.info('tried ' + name + ': ' + await work()) }
  catch (error) { ctx.logger.info('tried ' + name + ': ' + error.code + ' ' + error.message) }
}
const modes = {
  async lazy(ctx) { await ctx.files.append('x', 'y') },
  async odd(ctx) {
    const { files } = ctx
    await tried(ctx, 'frozen', () => { files.read = 1; return Object.isFrozen(files) && Object.isFrozen(files.folder('a')) })
    await tried(ctx, 'getter', () => files.write('g', 'x', { get a() { throw new Error('looked') } }))
    let reads = 0
    await tried(ctx, 'twice', () => files.list('', { get limit() { reads++; return reads === 1 ? 5 : -1 } }).then((all) => Array.isArray(all)))
    await tried(ctx, 'object', () => files.read({ toString: () => 'g' }))
    await tried(ctx, 'negative', () => files.read('g', { offset: -1 }))
    await tried(ctx, 'fake bytes', () => files.write('f', { length: 3, buffer: 5, __proto__: Uint8Array.prototype }))
    class Odd extends Uint8Array { get length() { return 1e9 } get buffer() { return 5 } }
    await tried(ctx, 'odd bytes', async () => { await files.write('o', new Odd([65, 66])); return new TextDecoder().decode(await files.read('o')) })
    await tried(ctx, 'proxy', () => files.read(new Proxy({}, {})))
    await tried(ctx, 'reach', () => files.read.constructor === Function && typeof (await0().constructor))
    function await0() { return files.read('o') }
    const mine = new Uint8Array([67])
    const writing = files.write('m', mine)
    mine[0] = 68
    await writing
    await tried(ctx, 'copied', async () => new TextDecoder().decode(await files.read('m')))
    await tried(ctx, 'kept', async () => mine.length)
    await tried(ctx, 'secret', () => ctx.secrets.get({ toString: () => 'apiKey' }))
  },
  async big(ctx) {
    const { files } = ctx
    const all = new Uint8Array(2_500_000)
    for (let i = 0; i < all.length; i++) all[i] = i % 251
    await files.write('big', all)
    let total = 0
    const sizes = []
    for await (const piece of files.readStream('big', { offset: 7 })) {
      sizes.push(piece.length)
      for (let i = 0; i < piece.length; i += 9973) if (piece[i] !== (7 + total + i) % 251) throw new Error('other bytes')
      total += piece.length
    }
    const whole = await files.read('big')
    for await (const piece of files.readStream('big')) break
    ctx.logger.info('big ' + total + ' ' + sizes.join() + ' ' + whole.length + ' ' + (whole[2_499_999] === 2_499_999 % 251))
  },
}
export class Doer {
  accepts = 'rows'
  configure(props) { this.mode = props.mode }
  open() {}
  async collect(ctx) { if (!this.isDone) { this.isDone = true; await modes[this.mode](ctx) } }
  close() {}
}`

async function start(t: ExecutionContext) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  writeFileSync(
    join(folder, 'doer.zip'),
    zipOf({
      'package.json': JSON.stringify({
        name: 'acme-doer',
        version: '1.0.0',
        plutino: {
          sinks: { doer: { file: 'index.js', options: 'doer.schema.json' } },
          permissions: { files: { quotaBytes: 5_000_000 }, secrets: ['apiKey'] },
        },
      }),
      'index.js': script,
      'doer.schema.json': JSON.stringify(schema),
    }),
  )
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const request = (method: string, to: string, body?: unknown) =>
    send(`${server.url}${to}`, method, body)
  const install = (grants: unknown) =>
    request('POST', '/plugins', { file: pathToFileURL(join(folder, 'doer.zip')).href, grants })
  const sql = 'CREATE STREAM s () WITH (DATASOURCE="x", TYPE="simulator", FORMAT="json")'
  await request('POST', '/streams', { sql })
  const run = (props: object) =>
    request('POST', '/rules', { id: 'r', sql: 'SELECT * FROM s', actions: [{ doer: props }] })
  const log = () => {
    const path = join(folder, 'log', 'stream.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  return { folder, request, install, run, log }
}

test.serial(
  'what a plugin reaches for while it runs stands in the status, with the call that grants it',
  async (t) => {
    const { request, install, run } = await start(t)
    await install('none')
    t.is((await run({ mode: 'lazy' })).status, 201)
    const message = await until('what the test waits for', async () => {
      const { body } = await request('GET', '/rules/r/status')
      return Object(body).message || undefined
    })
    t.is(
      message,
      'sink "doer" of plugin acme-doer@1.0.0 reached for files "private" and was refused; grant it: POST /plugins/sinks/doer/grants, plutino plugin grant doer --grant files.private',
    )
  },
)

test.serial(
  'properties are checked against the plugin’s schema when the rule is made',
  async (t) => {
    const { request, install, run } = await start(t)
    await install('none')
    for (const [props, why] of [
      [{ mode: 'lzy' }, '"mode" must be one of "lazy", "odd", "big", not "lzy"'],
      [{ mode: 'lazy', level: 7 }, '"level" must be at most 3, not 7'],
      [{ mdoe: 'lazy' }, '"mdoe" is not known; did you mean "mode"?'],
    ] as const) {
      const { status, body } = await run(props)
      t.is(status, 400)
      t.is(
        Object(body).message,
        `rule "r", action 0: properties of sink "doer" of plugin acme-doer@1.0.0: ${why}`,
      )
    }
    t.deepEqual((await request('GET', '/rules')).body, [])
    t.is(
      (await run({ mode: 'lazy', sendSingle: true, format: 'json', retryAttempts: 1 })).status,
      201,
    )
    t.like((await request('GET', '/plugins/sinks/doer')).body, { options: schema })
  },
)

test.serial('odd arguments are read once, copied, and lead nowhere', async (t) => {
  const { folder, install, run, log } = await start(t)
  await install({ files: { private: true } })
  await run({ mode: 'odd' })
  await until('what the test waits for', () => (log().includes('tried secret') ? true : undefined))
  const outcome = (name: string) => new RegExp(`tried ${name}: (.*?)"`).exec(log())?.[1]
  t.regex(outcome('frozen') ?? '', /Cannot assign to read only property|true/)
  t.is(outcome('getter'), 'undefined')
  t.is(outcome('twice'), 'true')
  t.is(outcome('object'), 'undefined the name of a file: a text is wanted')
  t.is(outcome('negative'), 'undefined offset: a whole number of at least 0 is wanted')
  t.regex(outcome('fake bytes') ?? '', /bytes expected/)
  t.is(outcome('odd bytes'), 'AB')
  t.regex(outcome('proxy') ?? '', /a text is wanted/)
  t.regex(outcome('reach') ?? '', /^(false|function|object)$/)
  t.is(outcome('copied'), 'C')
  t.is(outcome('kept'), '1')
  t.regex(outcome('secret') ?? '', /a text is wanted/)
  const [own = ''] = readdirSync(join(folder, 'data', 'files', 'default'))
  t.deepEqual(readdirSync(join(folder, 'data', 'files', 'default', own)).sort(), ['g', 'm', 'o'])
})

test.serial('a big file is read in pieces of a megabyte', async (t) => {
  const { install, run, log } = await start(t)
  await install('all')
  await run({ mode: 'big' })
  const line = await until('what the test waits for', () => /big (\d.*?)"/.exec(log())?.[1])
  t.is(line, '2499993 1048576,1048576,402841 2500000 true')
})
