import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { pack } from '@plutino/sdk/pack'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'

const entry = fileURLToPath(new URL('../fixtures/killing-host.ts', import.meta.url))
const sample = fileURLToPath(new URL('../../sample-plugins/objects-file', import.meta.url))
const etc = fileURLToPath(new URL('../../etc', import.meta.url))
const OBJECTS = 2400

for (const concurrency of [1, 2]) {
  test.serial(
    `concurrency ${concurrency}: hundreds of small objects since the last checkpoint, and host and worker are killed, and late objects come: each row is there once`,
    async (t) => {
      t.timeout(240_000)
      const folder = makeFolder(t)
      const input = join(folder, 'input')
      const out = join(folder, 'out.jsonl')
      mkdirSync(input)
      const put = (name: string, ids: readonly number[]) =>
        writeFileSync(join(input, `${name}.jsonl`), ids.map((id) => `{"id":${id}}\n`).join(''))
      const expected: number[] = []
      for (let i = 0; i < OBJECTS; i++) {
        // some have no record at all
        const ids = i % 7 === 0 ? [] : [10 * i, 10 * i + 1].slice(i % 2)
        put(`k${1000 + i}`, ids)
        expected.push(...ids)
      }
      const output = join(folder, 'objects-file.zip')
      await pack(sample, { output })
      // an installation puts the sample's yaml there
      const own = join(folder, 'etc')
      cpSync(etc, own, { recursive: true })
      const start = () => HostProcess.start(folder, {}, entry, own)
      let host = await start()
      t.teardown(() => host.kill())
      await host.send('POST', '/plugins/sources', {
        name: 'objectsFile',
        file: pathToFileURL(output).href,
        grants: { files: { input } },
      })
      const props = { 'input.format': 'jsonl', 'ring.buffer.size': 5000, concurrency }
      await host.send('PUT', '/metadata/sources/objectsFile/confKeys/here', props)
      await host.send('POST', '/streams', {
        sql: 'CREATE STREAM objects (id BIGINT) WITH (DATASOURCE="", TYPE="objectsFile", FORMAT="json", CONF_KEY="here")',
      })
      await host.send('POST', '/rules', {
        id: 'r',
        sql: 'SELECT id FROM objects',
        actions: [{ file: { path: out, sendSingle: true } }],
        // none but those that are asked for
        options: { qos: 2, checkpointInterval: '300s' },
      })
      const ids = (): number[] =>
        existsSync(out)
          ? readFileSync(out, 'utf8')
              .split('\n')
              .slice(0, -1)
              .map((line) => JSON.parse(line).id)
          : []
      const until = async (count: number) => {
        for (let i = 0; i < 4000 && ids().length < count; i++) await sleep(20)
        t.true(ids().length >= count, `${ids().length} rows of ${count}`)
      }
      const cuts: number[] = []
      const restart = async () => {
        await host.kill()
        cuts.push(ids().length)
        host = await start()
      }
      await until(600)
      await restart()
      await until(ids().length + 400)
      host.tell('SIGUSR2')
      cuts.push(ids().length)
      await until(ids().length + 300)
      await host.kill()
      cuts.push(ids().length)
      // before all others, and between them
      for (const [name, id] of [
        ['a', 1_000_000],
        ['k1200-late', 1_000_001],
      ] as const) {
        put(name, [id])
        expected.push(id)
      }
      host = await start()
      await until(expected.length)
      await sleep(500)
      t.log(`killed after ${cuts.join(', ')} of ${expected.length} rows`)
      t.true(cuts.some((cut) => cut > 500 && cut < expected.length))
      const sorted = (all: readonly number[]) => all.toSorted((a, b) => a - b)
      const found = sorted(ids())
      const wanted = sorted(expected)
      const at = wanted.findIndex((id, i) => found[i] !== id)
      t.is(at, -1, `${found.slice(at, at + 5)} in place of ${wanted.slice(at, at + 5)}`)
      t.is(found.length, wanted.length)
      t.is(await host.stop(), 0)
    },
  )
}
