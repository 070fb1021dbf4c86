import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { type Running, start } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const ready = /ready on (http:\/\/127\.0\.0\.1:\d+)/g

interface Supervised extends Running {
  readonly folder: string
}

function supervised(t: ExecutionContext, yaml = ''): Supervised {
  const folder = makeFolder(t, { 'etc/plutino.yaml': yaml })
  const flags = ['server', '--supervised', '--port', '0']
  const running = start('host/cli/main.ts', flags, { cwd: folder })
  t.teardown(() => running.child.kill('SIGKILL'))
  return { ...running, folder }
}

/** Where the host answers in its life with this number. */
async function urlOf(running: Running, life: number): Promise<string> {
  for (let i = 0; i < 12_000; i++) {
    const found = [...(await running.says(/(?:)/)).matchAll(ready)]
    const url = found[life - 1]?.[1]
    if (url !== undefined) return url
    await sleep(20)
  }
  throw new Error(`there was no life ${life} within 240 s`)
}

function hostOf({ folder }: Supervised): number {
  return Number(readFileSync(join(folder, 'data/plutino.pid'), 'utf8'))
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const hang = `exports.hang = {
  validate() {},
  isAggregate: () => false,
  exec([until]) {
    if (until > Date.now()) Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)
    return until
  },
}`

test.serial(
  'a host that holds a thread in an endless native call comes back, and nothing is lost',
  async (t) => {
    t.timeout(300_000)
    const host = supervised(t)
    const { folder } = host
    let url = await urlOf(host, 1)
    const out = join(folder, 'out.jsonl')
    const rows = (until: number) =>
      Array.from({ length: 1000 }, (_, n) => `{"n":${n},"until":${n === 500 ? until : 0}}\n`)
    writeFileSync(join(folder, 'hang.zip'), zipOf({ 'hang.js': hang }))
    const post = async (path: string, body?: object, method = 'POST') => {
      const answer = await send(url + path, method, body)
      t.true(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`)
    }
    await post('/plugins/functions', { name: 'hang', file: `file://${join(folder, 'hang.zip')}` })
    const props = { path: folder, fileType: 'lines' }
    await post('/metadata/sources/file/confKeys/rows', props, 'PUT')
    await post('/streams', {
      sql: 'CREATE STREAM rows (n BIGINT, until BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
    })
    await post('/rules', {
      id: 'r',
      sql: 'SELECT n, hang(until) AS until FROM rows',
      actions: [{ file: { path: out, sendSingle: true, fields: ['n'] } }],
      options: { qos: 2, checkpointInterval: '100ms' },
      triggered: false,
    })
    writeFileSync(join(folder, 'rows.jsonl'), rows(Date.now() + 12_000).join(''))
    await post('/rules/r/start')
    url = await urlOf(host, 2)
    t.regex(await host.says(/(?:)/), /the host ended \(exit code 75\); it is started again/)
    const read = () => readFileSync(out, 'utf8').split('\n').slice(0, -1)
    await until('the last row', () => read().length >= 1000)
    t.deepEqual(
      read().map((line) => JSON.parse(line).n),
      Array.from({ length: 1000 }, (_, n) => n),
    )
    host.child.kill('SIGTERM')
    t.is((await host.finished).code, 0)
  },
)

test.serial(
  'a host that is killed is started again, and ends in order with its supervisor',
  async (t) => {
    const host = supervised(t)
    await urlOf(host, 1)
    const first = hostOf(host)
    process.kill(first, 'SIGKILL')
    const url = await urlOf(host, 2)
    t.is((await send(`${url}/ping`, 'GET')).status, 200)
    const second = hostOf(host)
    t.not(second, first)
    host.child.kill('SIGTERM')
    t.is((await host.finished).code, 0)
    t.false(lives(second))
    t.regex(readFileSync(join(host.folder, 'log/stream.log'), 'utf8'), /stopping \(SIGTERM\)/)
  },
)

test.serial('a host that does not answer any more is killed and started again', async (t) => {
  t.timeout(300_000)
  const host = supervised(t)
  await urlOf(host, 1)
  const first = hostOf(host)
  t.teardown(() => lives(first) && process.kill(first, 'SIGKILL'))
  process.kill(first, 'SIGSTOP')
  const url = await urlOf(host, 2)
  t.is((await send(`${url}/ping`, 'GET')).status, 200)
  t.false(lives(first))
  const said = await host.says(/(?:)/)
  t.regex(said, /main thread did not answer for 30 s: the host is killed/)
  t.regex(said, /the host ended \(SIGKILL\); it is started again/)
  host.child.kill('SIGTERM')
  t.is((await host.finished).code, 0)
})

test.serial(
  'a row that holds the thread of its rule for ever is set aside after some lives of the host',
  async (t) => {
    t.timeout(240_000)
    const host = supervised(t)
    const { folder } = host
    const url = await urlOf(host, 1)
    const out = join(folder, 'out.jsonl')
    const post = async (path: string, body: object, method = 'POST') => {
      const answer = await send(url + path, method, body)
      t.true(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`)
    }
    writeFileSync(join(folder, 'hang.zip'), zipOf({ 'hang.js': hang }))
    await post('/plugins/functions', { name: 'hang', file: `file://${join(folder, 'hang.zip')}` })
    const rows = Array.from(
      { length: 200 },
      (_, n) => `{"n":${n},"until":${n === 50 ? 1e15 : 0}}\n`,
    )
    writeFileSync(join(folder, 'rows.jsonl'), rows.join(''))
    const props = { path: folder, fileType: 'lines' }
    await post('/metadata/sources/file/confKeys/rows', props, 'PUT')
    await post('/streams', {
      sql: 'CREATE STREAM rows (n BIGINT, until BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
    })
    await post('/rules', {
      id: 'r',
      sql: 'SELECT n, hang(until) AS until FROM rows',
      actions: [{ file: { path: out, sendSingle: true, fields: ['n'] } }],
      options: { qos: 1, checkpointInterval: '100ms' },
    })
    const read = () => {
      const text = existsSync(out) ? readFileSync(out, 'utf8') : ''
      return text.split('\n').slice(0, -1)
    }
    for (let i = 0; i < 9000 && read().length < 199; i++) await sleep(20)
    t.deepEqual(
      read().map((line) => JSON.parse(line).n),
      Array.from({ length: 200 }, (_, n) => n).filter((n) => n !== 50),
    )
    // written beside the rows that go on, not before them
    const aside = join(folder, 'data/set-aside/default/r.jsonl')
    const kept = () => (existsSync(aside) ? readFileSync(aside, 'utf8') : '')
    for (let i = 0; i < 3000 && !kept().endsWith('\n'); i++) await sleep(20)
    t.is(kept().trimEnd().split('\n').length, 1)
    t.true(kept().endsWith('\n'))
    host.child.kill('SIGTERM')
    t.is((await host.finished).code, 0)
  },
)

test.serial('a host that cannot start is not started again and again', async (t) => {
  const host = supervised(t, 'basic:\n  restPort: many\n')
  const { code, stderr } = await host.finished
  t.is(code, 1)
  t.regex(stderr, /restPort/)
  t.notRegex(stderr, /started again/)
})

test.serial('a host whose supervisor is killed ends in order', async (t) => {
  const host = supervised(t)
  await urlOf(host, 1)
  const pid = hostOf(host)
  host.child.kill('SIGKILL')
  await until('the end of the host', () => !lives(pid))
  const log = readFileSync(join(host.folder, 'log/stream.log'), 'utf8')
  t.regex(log, /stopping \(its supervisor is gone\)/)
})
