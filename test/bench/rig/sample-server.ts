import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { pack } from '@plutino/sdk/pack'
import { readArchive } from '#host/plugins/archive.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { zipOf } from '#test/fixtures/zip.ts'

export interface SampleRule {
  readonly source: string
  readonly datasource: string
  readonly props: Readonly<Record<string, unknown>>
  readonly sql: string
  /** Until the sink was given so many rows. */
  readonly rows: number
}

export interface RunFigures {
  /** From the start of the rule until its sink was given all rows. */
  readonly ms: number
  /** Of the thread that the rule runs in; not a number where the system does not tell. */
  readonly threadMs: number
}

type Status = Readonly<Record<string, unknown>>

const LONGEST_MS = 120_000

/** A server in a process of its own with one of the samples installed. */
export class SampleServer {
  /** Has `input`, which is what files may be read of. */
  readonly folder: string
  readonly #host: HostProcess

  private constructor(folder: string, host: HostProcess) {
    this.folder = folder
    this.#host = host
  }

  static async start(): Promise<SampleServer> {
    const folder = await mkdtemp(join(tmpdir(), 'plutino-bench-'))
    const etc = fileURLToPath(new URL('../../../etc', import.meta.url))
    await cp(etc, join(folder, 'etc'), { recursive: true })
    await mkdir(join(folder, 'input'))
    const environment = { PLUTINO__PLUGINS__TRUSTED: 'allow', PLUTINO__BASIC__FILELOG: 'false' }
    const host = await HostProcess.start(folder, environment, undefined, join(folder, 'etc'))
    return new SampleServer(folder, host)
  }

  /** @param origins in place of those that its manifest asks for */
  async install(
    sample: string,
    tier: 'sandboxed' | 'trusted',
    origins?: readonly string[],
  ): Promise<void> {
    const project = fileURLToPath(new URL(`../../../sample-plugins/${sample}`, import.meta.url))
    const output = join(this.folder, `${sample}.zip`)
    await pack(project, { output })
    const files = Object.fromEntries(readArchive(await readFile(output)))
    const manifest = JSON.parse(String(files['package.json']))
    if (origins !== undefined) {
      manifest.plutino.permissions.network = origins
      files['package.json'] = Buffer.from(JSON.stringify(manifest))
      await writeFile(output, zipOf(files))
    }
    const [name] = Object.keys(manifest.plutino.sources)
    const grants =
      origins === undefined
        ? { files: { input: join(this.folder, 'input') } }
        : { network: origins }
    const file = pathToFileURL(output).href
    await this.#host.send('POST', '/plugins/sources', { name, file, grants, tier })
  }

  /** Runs a rule into `nop`, from nothing. */
  async run({ source, datasource, props, sql, rows }: SampleRule): Promise<RunFigures> {
    await this.#host.send('PUT', `/metadata/sources/${source}/confKeys/bench`, props)
    await this.#host.send('POST', '/streams', {
      sql: `CREATE STREAM bench () WITH (DATASOURCE="${datasource}", TYPE="${source}", FORMAT="json", CONF_KEY="bench")`,
    })
    const rule = { id: 'bench', sql, actions: [{ nop: {} }], triggered: false }
    await this.#host.send('POST', '/rules', rule)
    const before = await threadTimes()
    const started = performance.now()
    await this.#host.send('POST', '/rules/bench/start')
    await this.#until(rows, started + LONGEST_MS)
    const ms = performance.now() - started
    const spent = [...(await threadTimes())].map(([id, at]) => at - (before.get(id) ?? 0))
    await this.#host.send('DELETE', '/rules/bench')
    await this.#host.send('DELETE', '/streams/bench')
    return { ms, threadMs: spent.length === 0 ? Number.NaN : Math.max(...spent) }
  }

  async close(): Promise<void> {
    await this.#host.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #until(rows: number, end: number): Promise<void> {
    for (;;) {
      const status = (await this.#host.send('GET', '/rules/bench/status')) as Status
      const given = Object.entries(status).find(([name]) => /^sink_.*_records_in_total$/.test(name))
      if (given?.[1] === rows) return
      if (Number(given?.[1]) > rows || performance.now() > end)
        throw new Error(`${rows} rows are not there: ${JSON.stringify(status).slice(0, 2000)}`)
      await sleep(10)
    }
  }
}

/** ms that threads of workers of our children have run, by number. A new rule's is the one that grows most. */
async function threadTimes(): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  try {
    const own = `/proc/self/task/${process.pid}/children`
    const children = (await readFile(own, 'utf8')).split(' ').filter((id) => id !== '')
    for (const child of children) {
      for (const thread of await readdir(`/proc/${child}/task`)) {
        const stat = await readFile(`/proc/${child}/task/${thread}/stat`, 'utf8')
        const behind = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const isWorker = stat.includes('(WorkerThread)')
        // Ticks of 10 ms, as user and as system.
        if (isWorker) times.set(thread, (Number(behind[11]) + Number(behind[12])) * 10)
      }
    }
  } catch {
    return new Map()
  }
  return times
}
