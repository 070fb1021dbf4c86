import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { pack } from '@plutino/sdk/pack'
import type { ExecutionContext } from 'ava'
import { readArchive } from '#host/plugins/archive.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const etc = fileURLToPath(new URL('../../etc', import.meta.url))
const killing = fileURLToPath(new URL('../fixtures/killing-host.ts', import.meta.url))

/** A host in a process of its own with a sample installed, in a folder that outlives it. */
export class SampleHost {
  readonly folder: string
  #process: HostProcess

  private constructor(folder: string, process: HostProcess) {
    this.folder = folder
    this.#process = process
  }

  static async start(t: ExecutionContext): Promise<SampleHost> {
    const folder = makeFolder(t)
    cpSync(etc, join(folder, 'etc'), { recursive: true })
    const host = new SampleHost(folder, await start(folder))
    t.teardown(() => host.#process.kill())
    return host
  }

  /** Packs a sample as its author does, and installs it. @param origins in place of those that its manifest asks for */
  async install(sample: string, grants: unknown, origins?: readonly string[]): Promise<void> {
    const project = fileURLToPath(new URL(`../../sample-plugins/${sample}`, import.meta.url))
    const output = join(this.folder, `${sample}.zip`)
    await pack(project, { output })
    if (origins !== undefined) {
      const files = Object.fromEntries(readArchive(readFileSync(output)))
      const manifest = JSON.parse(String(files['package.json']))
      manifest.plutino.permissions.network = origins
      files['package.json'] = Buffer.from(JSON.stringify(manifest))
      writeFileSync(output, zipOf(files))
    }
    const { plutino } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    const [name] = Object.keys(plutino.sources)
    await this.send('POST', '/plugins/sources', {
      name,
      file: pathToFileURL(output).href,
      grants,
    })
  }

  send(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#process.send(method, path, body)
  }

  /** As a power failure would; then it is started again. */
  async killAndStart(): Promise<void> {
    await this.#process.kill()
    this.#process = await start(this.folder)
  }

  /** Ends the threads of all rules, wherever they are. */
  killWorkers(): void {
    this.#process.tell('SIGUSR2')
  }

  stop(): Promise<number | string> {
    return this.#process.stop()
  }

  out(rule: string): string {
    return join(this.folder, `${rule}.out`)
  }

  /** What a rule has written. */
  ids(rule: string): number[] {
    if (!existsSync(this.out(rule))) return []
    const lines = readFileSync(this.out(rule), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => Number(JSON.parse(line).id))
  }

  /** A stream and a rule of one name, that writes the ids of what it reads into a file. */
  async rule(id: string, source: string, datasource: string, props: object): Promise<void> {
    await this.send('PUT', `/metadata/sources/${source}/confKeys/${id}`, props)
    await this.send('POST', '/streams', {
      sql: `CREATE STREAM ${id} () WITH (DATASOURCE="${datasource}", TYPE="${source}", FORMAT="json", CONF_KEY="${id}")`,
    })
    await this.send('POST', '/rules', {
      id,
      sql: `SELECT id FROM ${id}`,
      actions: [{ file: { path: this.out(id), sendSingle: true } }],
      options: { qos: 2, checkpointInterval: '100ms' },
    })
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (let i = 0; i < 2000; i++) {
      if (holds()) return
      await sleep(25)
    }
    throw new Error(`${what} did not happen within 50 s; ${await this.#statuses()}`)
  }

  /** Until so many rows are there, and none more for a moment. */
  async whole(rule: string, count: number): Promise<number[]> {
    await this.until(`row ${count} of ${rule}`, () => this.ids(rule).length >= count)
    await sleep(500)
    return this.ids(rule)
  }

  async #statuses(): Promise<string> {
    const rules = (await this.send('GET', '/rules')) as { id: string }[]
    const all = rules.map(({ id }) => this.send('GET', `/rules/${id}/status`))
    return JSON.stringify(await Promise.all(all)).slice(0, 4000)
  }
}

function start(folder: string): Promise<HostProcess> {
  return HostProcess.start(folder, {}, killing, join(folder, 'etc'))
}

/** What is there, without order and twice what is there twice. */
export function sorted(ids: readonly number[]): number[] {
  return ids.toSorted((a, b) => a - b)
}

export function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

/** Says in one line where two long lists differ; nothing where they do not. */
export function difference(found: readonly number[], wanted: readonly number[]): string {
  const at = wanted.findIndex((id, i) => found[i] !== id)
  if (at < 0 && found.length === wanted.length) return ''
  const place = at < 0 ? wanted.length : at
  const near = (all: readonly number[]) => all.slice(Math.max(0, place - 2), place + 4).join(' ')
  return `${found.length} of ${wanted.length}; at ${place}: ${near(found)} in place of ${near(wanted)}`
}
