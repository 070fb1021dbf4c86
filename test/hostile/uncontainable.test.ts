import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { start } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { zipOf } from '#test/fixtures/zip.ts'

/** Attacks that no thread contains, packed as they are. */
for (const name of ['105-native-lengths.mjs', '106-native-sort.mjs']) {
  test.serial(
    `${name}: the process is replaced, its row is set aside, no other is lost`,
    async (t) => {
      t.timeout(300_000)
      const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
      const flags = ['server', '--supervised', '--port', '0']
      const host = start('host/cli/main.ts', flags, { cwd: folder })
      t.teardown(() => host.child.kill('SIGKILL'))
      let url = ''
      for (let look = 0; look < 4000 && url === ''; look++) {
        url = /ready on (http:\S+)/.exec(await host.says(/(?:)/))?.[1] ?? ''
        await sleep(20)
      }
      const post = async (path: string, body: object, method = 'POST') => {
        const answer = await send(url + path, method, body)
        t.true(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`)
      }
      const read = (file: string) =>
        readFileSync(join(import.meta.dirname, 'attacks', file), 'utf8')
      const wrapper = `import attack from './index.mjs'
      export const hostile = { exec: ([n]) => (n === 50 ? attack({ probe: {}, context: {} }) : n) }`
      const plutino = { functions: { hostile: 'wrapper.mjs' } }
      const manifest = { name: 'hostile-plugin', version: '1.0.0', type: 'module', plutino }
      const zip = zipOf({
        'package.json': JSON.stringify(manifest),
        'wrapper.mjs': wrapper,
        'index.mjs': read(name),
        '_lib.mjs': read('_lib.mjs'),
      })
      writeFileSync(join(folder, 'hostile.zip'), zip)
      const file = `file://${join(folder, 'hostile.zip')}`
      await post('/plugins/functions', { name: 'hostile', file })
      const rows = Array.from({ length: 200 }, (_, n) => `{"n":${n}}\n`)
      writeFileSync(join(folder, 'rows.jsonl'), rows.join(''))
      const props = { path: folder, fileType: 'lines' }
      await post('/metadata/sources/file/confKeys/rows', props, 'PUT')
      await post('/streams', {
        sql: 'CREATE STREAM rows (n BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
      })
      const out = join(folder, 'out.jsonl')
      await post('/rules', {
        id: 'r',
        sql: 'SELECT n, hostile(n) AS h FROM rows',
        actions: [{ file: { path: out, sendSingle: true, fields: ['n'] } }],
        options: { qos: 1, checkpointInterval: '100ms' },
      })
      const lines = () =>
        existsSync(out) ? readFileSync(out, 'utf8').split('\n').slice(0, -1) : []
      for (let look = 0; look < 12_000 && lines().length < 199; look++) await sleep(20)
      const seen = new Set(lines().map((line) => JSON.parse(line).n))
      t.deepEqual(
        [...seen].sort((a, b) => a - b),
        Array.from({ length: 200 }, (_, n) => n).filter((n) => n !== 50),
      )
      const kept = readFileSync(join(folder, 'data/set-aside/default/r.jsonl'), 'utf8')
      t.is(kept.trimEnd().split('\n').length, 1)
      t.regex(await host.says(/(?:)/), /the host ended \(exit code 75\); it is started again/)
      host.child.kill('SIGTERM')
      await host.finished
    },
  )
}
