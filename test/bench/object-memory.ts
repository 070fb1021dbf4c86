import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { throughTask } from '#test/bench/rig/folder-task.ts'
import { report } from '#test/bench/rig/print.ts'
import { avroFile } from '#test/sdk/object-source/formats.ts'

/*
 * What reading one object of a gigabyte takes of memory, by format: `node test/bench/object-memory.ts [format]`. By hand: a
 * file at a time, in the folder for temporary files.
 */

const BYTES = Number(process.env.MIB ?? 1024) * 2 ** 20
const PART = 4096
const text = (id: number) => `${id}-${'x'.repeat(200)}`
const row = (id: number) => ({ id, text: text(id) })
const ids = Array.from({ length: PART }, (_, id) => id)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Writes an object of about so many bytes. @returns how many records are in it */
type Make = (file: string) => Promise<number>

/** The same records again and again, since only their number matters. */
function repeated(first: string | Uint8Array, part: string | Uint8Array, last = ''): Make {
  return async (file) => {
    const times = Math.ceil(BYTES / part.length)
    const parts = function* () {
      yield first
      for (let i = 0; i < times; i++) yield part
      yield last
    }
    await pipeline(parts, createWriteStream(file))
    return times * PART
  }
}

/** An avro file is its header, then blocks that end with the mark that the header ends with. */
async function avro(): Promise<Make> {
  const type = {
    type: 'record',
    name: 'Row',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'text', type: 'string' },
    ],
  }
  const whole = Buffer.from(await avroFile(ids.map(row), type))
  const start = whole.indexOf(whole.subarray(-16)) + 16
  return repeated(whole.subarray(0, start), whole.subarray(start))
}

const GROUP = 50_000

const parquet: Make = async (file) => {
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ],
    codec: 'UNCOMPRESSED',
  })
  const groups = Math.ceil(BYTES / (GROUP * text(0).length))
  for (let group = 0; group < groups; group++) {
    const numbers = Array.from({ length: GROUP }, (_, i) => group * GROUP + i)
    await writer.write({
      columnData: [
        { name: 'id', data: numbers.map(BigInt) },
        { name: 'text', data: numbers.map(text) },
      ],
      rowGroupSize: GROUP,
    })
  }
  await writer.finish()
  return groups * GROUP
}

const lines = ids.map((id) => `${JSON.stringify(row(id))}\n`).join('')
const makes: Readonly<Record<string, () => Promise<Make>>> = {
  jsonl: async () => repeated('', lines),
  csv: async () => repeated('id,text\n', ids.map((id) => `${id},"${text(id)}"\n`).join('')),
  json: async () => {
    const elements = ids.map((id) => `,${JSON.stringify(row(id))}`).join('')
    return repeated(`[{"id":0}`, elements, ']')
  },
  avro,
  parquet: async () => parquet,
}

async function measure(format: string, make: Make): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'plutino-bench-'))
  try {
    const file = path.join(folder, 'object')
    const rows = await make(file)
    const { size } = await stat(file)
    const used = () => {
      collect()
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return heapUsed + arrayBuffers
    }
    const before = used()
    const rss = process.memoryUsage.rss()
    let most = 0
    let mostRss = 0
    let next = performance.now()
    const started = next
    await throughTask(folder, format, rows, () => {
      if (performance.now() < next) return
      next = performance.now() + 200
      mostRss = Math.max(mostRss, process.memoryUsage.rss() - rss)
      most = Math.max(most, used() - before)
    })
    const seconds = (performance.now() - started) / 1000
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
    report(
      `object source, memory, ${format} of ${mib(size)} MiB`,
      `${mib(most)} MiB in use over the start`,
      'must stay below 64',
      `resident ${mib(mostRss)} MiB`,
      `${(size / 2 ** 20 / seconds).toFixed(0)} MiB/s`,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [only] = process.argv.slice(2)
for (const [format, make] of Object.entries(makes)) {
  if (only === undefined || only === format) await measure(format, await make())
}
