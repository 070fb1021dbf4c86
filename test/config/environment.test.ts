import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { takeEnvironment } from '#host/config/environment.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import type { Around } from '#test/fixtures/observed-host.ts'
import { send } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'

test('what is the server’s alone is taken out of an environment: secrets, options, properties', (t) => {
  const foreign = { PATH: '/bin', NODE_OPTIONS: '', PLUTINO_URL: 'http://h', _: 'x', __CF: '1' }
  const own = {
    PLUTINO_SECRET_DB: 'a',
    PLUTINO__BASIC__AESKEY: 'b',
    KUIPER__BASIC__DEBUG: 'true',
    MQTT__DEFAULT__PASSWORD: 'c',
    CONNECTION__MQTT__LOCAL__PASSWORD: 'd',
  }
  const environment: NodeJS.ProcessEnv = { ...foreign, ...own }
  t.deepEqual({ ...takeEnvironment(environment) }, { ...foreign, ...own })
  t.deepEqual(environment, foreign)
})

test('secrets of the environment and relative paths serve rules, and code in the process finds neither', async (t) => {
  const cwd = makeFolder(t, { 'etc/plutino.yaml': '' })
  const child = fork(new URL('../fixtures/observed-host.ts', import.meta.url), [], {
    cwd,
    env: { ...process.env, PLUTINO_SECRET_DB: 'hunter2', MEMORY_SINK__DEFAULT__NOTE: 'hunter2' },
    silent: true,
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(said)))
    child.stderr?.on('data', (data) => {
      said += data
      const found = /is ready on (http:\S+?)[ ;]/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  const post = (path: string, body: unknown) => send(url + path, 'POST', body)
  const sql = 'CREATE STREAM s () WITH (DATASOURCE="t", TYPE="memory")'
  t.is((await post('/streams', { sql })).status, 201)
  const rule = (secret: string) => ({
    id: secret,
    sql: 'SELECT * FROM s',
    actions: [{ memory: { topic: `secret:${secret}` } }],
  })
  t.is((await post('/rules', rule('db'))).status, 201)
  t.like((await post('/rules', rule('other'))).body, { code: 'unknown-secret' })
  const file = { ...rule('db'), id: 'file', actions: [{ file: { path: 'out/rows.txt' } }] }
  t.is((await post('/rules', file)).status, 201)
  await until('the file of the rule, where the server was started', () =>
    existsSync(join(cwd, 'out/rows.txt')),
  )
  child.send('what is around you?')
  const [around] = (await once(child, 'message')) as [Around]
  t.deepEqual(
    Object.entries(around.environment).filter(([, value]) => value?.includes('hunter2')),
    [],
  )
  t.is(around.environment.PATH, process.env.PATH)
  t.is(around.cwd, join(realpathSync(cwd), 'data/empty'))
  t.deepEqual(readdirSync(around.cwd), [])
})
