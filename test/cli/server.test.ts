import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Running, run, start } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'

const ready = /ready on (http:\/\/127\.0\.0\.1:\d+)/

function server(
  t: ExecutionContext,
  args: readonly string[] = [],
  yaml = '',
): Running & { cwd: string } {
  const cwd = makeFolder(t, { 'etc/plutino.yaml': yaml })
  const running = start('host/main.ts', ['--port', '0', ...args], { cwd })
  t.teardown(() => running.child.kill('SIGKILL'))
  return { ...running, cwd }
}

async function urlOf(running: Running): Promise<string> {
  return ready.exec(await running.says(ready))?.[1] ?? ''
}

test('a server says where it is and what opens it to others, and ends in order on SIGTERM', async (t) => {
  const running = server(t)
  const url = await urlOf(running)
  const line = await running.says(ready)
  t.regex(
    line,
    /^\d\d:\d\d:\d\d info {2}plutino \S+ is ready on \S+ for this machine only; --ip 0\.0\.0\.0 or basic\.restIp opens it to others; its API is described at \S+\/docs\n$/,
  )
  t.is((await send(`${url}/ping`, 'GET')).status, 200)
  running.child.kill('SIGTERM')
  t.is((await running.finished).code, 0)
  t.regex(readFileSync(join(running.cwd, 'log/stream.log'), 'utf8'), /"msg":"stopping \(SIGTERM\)"/)
})

test('rules run again after a kill -9', async (t) => {
  const first = server(t)
  const url = await urlOf(first)
  const sql = 'CREATE STREAM s () WITH (TYPE="simulator", DATASOURCE="x")'
  t.is((await send(`${url}/streams`, 'POST', { sql })).status, 201)
  const rule = { id: 'r', sql: 'SELECT * FROM s', actions: [{ nop: {} }] }
  t.is((await send(`${url}/rules`, 'POST', rule)).status, 201)
  first.child.kill('SIGKILL')
  await first.finished
  const second = start('host/main.ts', ['--port', '0'], { cwd: first.cwd })
  t.teardown(() => second.child.kill('SIGKILL'))
  const { body } = await send(`${await urlOf(second)}/rules/r/status`, 'GET')
  t.like(body, { status: 'running' })
  // as npm does on Ctrl-C
  second.child.kill('SIGINT')
  second.child.kill('SIGINT')
  t.is((await second.finished).code, 0)
})

test('what keeps a server from starting is one line and exit code 1', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const cases: [string[], string, string][] = [
    [
      ['--port', String(port)],
      '',
      `address 127.0.0.1:${port} is in use; stop what listens there, or give another port with --port`,
    ],
    [
      [],
      'basic:\n  restPrt: 1\n',
      'etc/plutino.yaml, line 2: unknown option "basic.restPrt"; did you mean "restPort"?',
    ],
    [[], 'basic: [\n', 'etc/plutino.yaml, line 2: deficient indentation'],
    [[], 'basic:\n  timezone: Nowhere\n', 'Invalid TZ: unknown time zone Nowhere'],
  ]
  for (const [args, yaml, message] of cases) {
    const { code, stdout, stderr } = await server(t, args, yaml).finished
    t.is(code, 1)
    t.is(`${stdout}${stderr.replace(/\S*\/(?=etc\/)/, '')}`, `plutino: ${message}\n`)
  }
  const data = await server(t, ['--data', '/proc/none/data']).finished
  t.is(data.code, 1)
  t.regex(data.stderr, /^plutino: data folder \/proc\/none\/data cannot be written \(.*--data\n$/)
})

test('a second server on the same folder is refused with the number of the first', async (t) => {
  const first = server(t)
  await urlOf(first)
  const second = start('host/main.ts', ['--port', '0'], { cwd: first.cwd })
  t.deepEqual(await second.finished, {
    code: 1,
    stdout: '',
    stderr: `plutino: data folder ${join(first.cwd, 'data')} is in use by another process (${first.child.pid}); stop it, or give another folder with --data\n`,
  })
})

test('the rows of a query are printed, and its rule is gone afterwards', async (t) => {
  const running = server(t)
  const url = await urlOf(running)
  await send(`${url}/metadata/sources/simulator/confKeys/fast`, 'PUT', {
    data: [{ a: 1 }, { a: 2 }, { a: 3 }],
    interval: '10ms',
    loop: true,
  })
  const sql = 'CREATE STREAM s () WITH (TYPE="simulator", CONF_KEY="fast")'
  t.is((await send(`${url}/streams`, 'POST', { sql })).status, 201)
  const query = ['--url', url, 'query', 'SELECT a * 10 AS b FROM s WHERE a > 1']
  const { code, stdout, stderr } = await run('host/cli/main.ts', [...query, '-n', '3'])
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ b }) => b)
      .filter((b) => b !== 20 && b !== 30),
    [],
  )
  t.is(stdout.trim().split('\n').length, 3)
  t.deepEqual((await send(`${url}/rules`, 'GET')).body, [])
  const killed = start('host/cli/main.ts', query)
  await killed.says(/\{"b":20\}/)
  killed.child.kill('SIGKILL')
  await until('the end of its rule', async () => {
    const { body } = await send(`${url}/rules`, 'GET')
    return Array.isArray(body) && body.length === 0
  })
  const wrong = await run('host/cli/main.ts', ['--url', url, 'query', 'SELECT a FROM nowhere'])
  t.is(wrong.code, 1)
  t.regex(wrong.stderr, /^plutino: fail to get stream nowhere/)
})

test('a query of a source that is not there says what it waits for', async (t) => {
  const url = await urlOf(server(t))
  const broker = 'tcp://127.0.0.1:1'
  await send(`${url}/metadata/sources/mqtt/confKeys/down`, 'PUT', { server: broker })
  const sql = 'CREATE STREAM s () WITH (DATASOURCE="t", TYPE="mqtt", CONF_KEY="down")'
  t.is((await send(`${url}/streams`, 'POST', { sql })).status, 201)
  const running = start('host/cli/main.ts', ['--url', url, 'query', 'SELECT * FROM s'])
  const told = await running.says(/the query waits: /)
  t.true(told.includes(`stream "s" waits for its connection: broker ${broker}: `), told)
  running.child.kill('SIGINT')
  const { code, stdout } = await running.finished
  t.deepEqual({ code, stdout }, { code: 0, stdout: '' })
})

test('the launcher hands over to a Node that is new enough, and passes the exit code on', (t) => {
  const launch = new URL('../../host/cli/launch.cjs', import.meta.url).pathname
  const { status, stdout } = spawnSync(process.execPath, [launch, '--version'], {
    encoding: 'utf8',
  })
  t.is(status, 0)
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/)
  t.is(spawnSync(process.execPath, [launch, 'nonsense']).status, 2)
})
