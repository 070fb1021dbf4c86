import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { throughTask } from '#test/bench/rig/folder-task.ts'
import { type ObjectReader, objectReaders, orderLines } from '#test/bench/rig/object-readers.ts'
import { ratios, report, spread } from '#test/bench/rig/print.ts'
import { avroFile, parquetFile, people } from '#test/sdk/object-source/formats.ts'

/*
 * The layer, from a file to records taken off a task, against the library alone: `node test/bench/object-source.ts [format]`.
 */

const ROUNDS = 11

async function timed(run: () => Promise<number>, expected: number): Promise<number> {
  const started = performance.now()
  const sum = await run()
  if (sum !== expected) throw new Error(`a sum of ${sum} instead of ${expected}`)
  return performance.now() - started
}

interface Case extends ObjectReader {
  readonly count: number
  readonly bytes: () => Promise<Uint8Array | string>
  readonly goal: number
}

const cases: readonly Case[] = [
  {
    ...objectReaders.jsonl,
    count: 200_000,
    bytes: async () => orderLines(0, 200_000),
    goal: 1,
  },
  {
    ...objectReaders.avro,
    count: 200_000,
    bytes: () => avroFile(people(200_000)),
    goal: 0.7,
  },
  {
    ...objectReaders.parquet,
    count: 200_000,
    bytes: async () => parquetFile(200_000, 50_000),
    goal: 0.8,
  },
]

interface SideData {
  readonly side: 'task' | 'library'
  readonly format: string
  readonly folder: string
}

/** A thread for each side, so that neither pays for what the other left on the heap. */
class Side {
  readonly #worker: Worker

  constructor(data: SideData) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: data })
  }

  /** @returns ms */
  async run(): Promise<number> {
    this.#worker.postMessage('run')
    const [ms] = await once(this.#worker, 'message')
    return ms
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}

function serveSide({ side, format, folder }: SideData): void {
  const found = cases.find((each) => each.format === format)
  if (found === undefined) throw new Error(`no case ${format}`)
  const { count, reference } = found
  const expected = (count * (count - 1)) / 2
  const file = path.join(folder, 'object')
  const run = () => (side === 'task' ? throughTask(folder, format, count) : reference(file))
  parentPort?.on('message', async () => parentPort?.postMessage(await timed(run, expected)))
}

async function compare({ format, count, bytes, against, goal }: Case): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'plutino-bench-'))
  try {
    const file = path.join(folder, 'object')
    await writeFile(file, await bytes())
    const ours: number[] = []
    const theirs: number[] = []
    await using task = new Side({ side: 'task', format, folder })
    await using library = new Side({ side: 'library', format, folder })
    for (let round = -2; round < ROUNDS; round++) {
      const their = await library.run()
      const our = await task.run()
      if (round < 0) continue
      ours.push(our)
      theirs.push(their)
    }
    const rate = (times: readonly number[]) => spread(times.map((ms) => count / ms / 1000))
    report(
      `object source, ${format} from a file against ${against}`,
      `ratio ${spread(ratios(theirs, ours))}`,
      `must reach ${goal.toFixed(1)}`,
      `${rate(ours)} against ${rate(theirs)} M records/s`,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [only] = process.argv.slice(2)
if (!isMainThread) serveSide(workerData)
else for (const each of cases) if (only === undefined || only === each.format) await compare(each)
