import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { pack } from '@plutino/sdk/pack'
import test from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'

const source = `import { nap } from '../nap.ts'
interface Options {
  readonly where?: string
}

export class Broken {
  #where: string | undefined

  configure(_topic: string, props: Options): void {
    this.#where = props.where
  }

  async open(ctx: { ready(): void }): Promise<void> {
    if (this.#where === 'open') throw new Error('no way in')
    ctx.ready()
    await nap()
    throw new Error('no way on')
  }

  close(): void {}
}
`
const shout = `export const shout = {
  exec([text]: string[], ctx: { logger: { warn(...parts: unknown[]): void } }): string {
    const error = new RangeError('too loud')
    ctx.logger.warn('listen:', error)
    if (text === 'abc') throw error
    return text
  },
}
`

test('errors in status and log name the line of the author’s TypeScript', async (t) => {
  const folder = makeFolder(t, {
    'etc/plutino.yaml': '',
    'etc/sources/broken.yaml': 'default: {}\natOpen:\n  where: open\n',
    'p/package.json': JSON.stringify({
      name: '@acme/broken',
      version: '1.0.0',
      plutino: {
        sources: { broken: 'sources/broken.ts' },
        functions: { shout: 'functions/shout.ts' },
      },
    }),
    'p/nap.ts': 'export const nap = () => new Promise((wake) => setTimeout(wake, 5))\n',
    'p/sources/broken.ts': source,
    'p/functions/shout.ts': shout,
  })
  const { path } = await pack(join(folder, 'p'))
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const request = (method: string, to: string, body?: unknown) =>
    send(`${server.url}${to}`, method, body)
  t.is((await request('POST', '/plugins', { file: pathToFileURL(path).href })).status, 201)
  for (const [id, key] of [
    ['onward', 'default'],
    ['inward', 'atOpen'],
  ] as const) {
    const sql = `CREATE STREAM s_${id} () WITH (DATASOURCE="d", TYPE="broken", FORMAT="json", CONF_KEY="${key}")`
    t.is((await request('POST', '/streams', { sql })).status, 201)
    const rule = { id, sql: `SELECT * FROM s_${id}`, actions: [{ nop: {} }] }
    t.is((await request('POST', '/rules', rule)).status, 201)
  }
  const sql = 'CREATE STREAM m () WITH (DATASOURCE="in", TYPE="memory", FORMAT="json")'
  await request('POST', '/streams', { sql })
  await request('POST', '/rules', {
    id: 'loud',
    sql: 'SELECT shout(word) AS w FROM m',
    actions: [{ nop: {} }],
  })
  await request('POST', '/streams', {
    sql: 'CREATE STREAM sim () WITH (DATASOURCE="d", TYPE="simulator", FORMAT="json")',
  })
  await request('POST', '/rules', {
    id: 'feeds',
    sql: 'SELECT "abc" AS word FROM sim',
    actions: [{ memory: { topic: 'in', sendSingle: true } }],
  })
  const statusOf = async (id: string) =>
    JSON.stringify((await request('GET', `/rules/${id}/status`)).body)
  const says = async (read: () => string | Promise<string>, pattern: RegExp) => {
    let text = ''
    for (let i = 0; i < 300; i++) {
      text = await read()
      if (pattern.test(text)) return t.pass()
      await sleep(50)
    }
    return t.fail(`${pattern}: ${text.slice(-1500)}`)
  }
  await says(() => statusOf('onward'), /no way on \(sources\/broken\.ts:17:11\)/)
  await says(() => statusOf('inward'), /no way in \(sources\/broken\.ts:14:39\)/)
  await says(() => statusOf('loud'), /too loud \(functions\/shout\.ts:3:19\)/)
  const log = join(folder, 'log', 'stream.log')
  const readLog = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  await says(readLog, /listen: RangeError: too loud \(functions\/shout\.ts:3:19\)/)
  t.notRegex(readLog(), /\(plugin:/)
})
