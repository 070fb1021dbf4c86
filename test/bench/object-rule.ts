import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type ObjectReader, objectReaders, orderLines } from '#test/bench/rig/object-readers.ts'
import { ratios, report, spread } from '#test/bench/rig/print.ts'
import { avroFile, parquetFile, people } from '#test/sdk/object-source/formats.ts'
import { type RunFigures, SampleServer } from './rig/sample-server.ts'

/*
 * Objects into a rule of a server: by the sample plugins, sandboxed, from the start of the rule until its sink has all,
 * against what reads the same in a plain process; and the same plugins trusted, which is the sandbox's tax.
 * `node test/bench/object-rule.ts [jsonl|avro|parquet|small]`
 */

const ROUNDS = Number(process.env.ROUNDS ?? 5)
const LINES = 2_000_000
const RECORDS = 400_000
const SMALL = 2000

interface Case extends ObjectReader {
  readonly records: number
  /** Writes the object, without holding all of it. */
  make(file: string): Promise<void>
  readonly goal: string
}

async function writeLines(file: string): Promise<void> {
  for (let at = 0; at < LINES; at += 10_000) {
    await writeFile(file, orderLines(at, 10_000), { flag: 'a' })
  }
}

const cases: readonly Case[] = [
  {
    ...objectReaders.jsonl,
    records: LINES,
    make: writeLines,
    goal: 'must reach 1.0',
  },
  {
    ...objectReaders.avro,
    records: RECORDS,
    make: async (file) => writeFile(file, await avroFile(people(RECORDS))),
    goal: 'recorded',
  },
  {
    ...objectReaders.parquet,
    records: RECORDS,
    make: async (file) => writeFile(file, parquetFile(RECORDS, 50_000)),
    goal: 'recorded',
  },
]

/** All rows are read, one row comes out of each 10 000: what is measured is the source. */
const sums = 'SELECT count(*) AS n, sum(id) AS s FROM bench GROUP BY COUNTWINDOW(10000)'
/** Each row comes out. */
const rows = 'SELECT id FROM bench'

async function started(tier: 'sandboxed' | 'trusted', sample: string, origins?: string[]) {
  const server = await SampleServer.start()
  await server.install(sample, tier, origins)
  return server
}

async function compare({ format, records, make, reference, against, goal }: Case) {
  const sandboxed = await started('sandboxed', 'objects-file')
  const trusted = await started('trusted', 'objects-file')
  const file = path.join(sandboxed.folder, 'input', 'object')
  const twin = path.join(trusted.folder, 'input', 'object')
  try {
    await make(file)
    await make(twin)
    const rule = { source: 'objectsFile', datasource: '', props: { 'input.format': format } }
    const summed = { ...rule, sql: sums, rows: records / 10_000 }
    const theirs: { ms: number; threadMs: number }[] = []
    const ours: RunFigures[] = []
    const each: RunFigures[] = []
    const free: RunFigures[] = []
    for (let round = -1; round < ROUNDS; round++) {
      const cpu = process.cpuUsage()
      const at = performance.now()
      const sum = await reference(file)
      if (sum !== (records * (records - 1)) / 2) throw new Error(`a sum of ${sum}`)
      const ms = performance.now() - at
      const { user, system } = process.cpuUsage(cpu)
      const figures = await sandboxed.run(summed)
      const perRow = await sandboxed.run({ ...rule, sql: rows, rows: records })
      const tax = await trusted.run(summed)
      if (round < 0) continue
      theirs.push({ ms, threadMs: (user + system) / 1000 })
      ours.push(figures)
      each.push(perRow)
      free.push(tax)
    }
    const ratio = (a: readonly RunFigures[], b: readonly RunFigures[], by: keyof RunFigures) =>
      spread(
        ratios(
          a.map((one) => one[by]),
          b.map((one) => one[by]),
        ),
      )
    report(
      `${format} from a file into a rule that sums, against ${against}`,
      `ratio ${ratio(theirs, ours, 'ms')}`,
      goal,
      `by CPU time of the rule's thread ${ratio(theirs, ours, 'threadMs')}`,
      `into a sink row by row ${ratio(theirs, each, 'ms')}, by CPU time ${ratio(theirs, each, 'threadMs')}`,
    )
    report(
      `${format}, sandboxed against trusted`,
      `${ratio(ours, free, 'ms')} times as long`,
      `by CPU time ${ratio(ours, free, 'threadMs')}`,
      `${spread(ours.map(({ ms }) => records / ms / 1000))} M records/s`,
    )
  } finally {
    await sandboxed.close()
    await trusted.close()
    await rm(file, { force: true })
  }
}

/** Many small objects of a store that takes 10 ms for an answer. */
async function small(): Promise<void> {
  const script = path.join(import.meta.dirname, 'object-store.ts')
  const store = spawn(process.execPath, [script, String(SMALL), 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(store.stdout, 'data')) as [Buffer]
  const origin = `http://127.0.0.1:${String(line).trim()}`
  const server = await started('sandboxed', 'objects-s3', [origin])
  const props = {
    'aws.s3.endpoint': origin,
    'aws.access.key.id': 'key',
    'aws.secret.access.key': 'secret',
    'input.format': 'jsonl',
  }
  const rule = { source: 'objectsS3', datasource: 'box', sql: rows, rows: SMALL * 10 }
  const { oneByOne } = await import('./object-store.ts')
  try {
    const theirs: number[] = []
    const ours: RunFigures[] = []
    for (let round = 0; round < 2; round++) {
      theirs.push(await oneByOne(origin, SMALL))
      ours.push(await server.run({ ...rule, props }))
    }
    const times = ours.map(({ ms }) => ms)
    report(
      `${SMALL} small objects at 10 ms an answer into a rule, against its own client one by one`,
      `ratio ${spread(ratios(theirs, times))}`,
      'must reach 6.0',
      `${spread(ours.map(({ threadMs }) => threadMs / SMALL))} ms of the rule's thread an object`,
    )
  } finally {
    store.kill()
    await server.close()
  }
}

const [only] = process.argv.slice(2)
for (const each of cases) if (only === undefined || only === each.format) await compare(each)
if (only === undefined || only === 'small') await small()
