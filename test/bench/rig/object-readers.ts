import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

/** What reads a format without us. */
export interface ObjectReader {
  readonly format: string
  /** @returns the sum of the ids */
  reference(file: string): Promise<number>
  readonly against: string
}

const avsc = createRequire(import.meta.url)('avsc') as typeof import('avsc')

async function byReadline(file: string): Promise<number> {
  let sum = 0
  const input = createReadStream(file)
  const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  reader.on('line', (line) => {
    sum += (JSON.parse(line) as { id: number }).id
  })
  await once(reader, 'close')
  return sum
}

async function byAvsc(file: string): Promise<number> {
  let sum = 0
  const decoder = avsc.createFileDecoder(file)
  decoder.on('data', ({ id }: { id: number }) => {
    sum += id
  })
  await once(decoder, 'end')
  return sum
}

async function byHyparquet(file: string): Promise<number> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) })
  return rows.reduce((sum, row) => sum + Number(row.id), 0)
}

export const objectReaders = {
  jsonl: { format: 'jsonl', reference: byReadline, against: 'readline and JSON.parse' },
  avro: { format: 'avro', reference: byAvsc, against: 'avsc' },
  parquet: { format: 'parquet', reference: byHyparquet, against: 'hyparquet' },
} as const satisfies Readonly<Record<string, ObjectReader>>

/** The ids from `first` on, each in a row of a line. */
export function orderLines(first: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `${JSON.stringify(order(first + i))}\n`).join('')
}

function order(id: number) {
  return {
    id,
    customer: `customer ${id % 977}`,
    items: [id % 7, id % 11],
    total: id / 3,
    paid: id % 2 === 0,
  }
}
