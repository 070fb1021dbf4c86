import { parquetWriteBuffer } from 'hyparquet-writer'
import { range } from './object-rules.ts'

export function parquetOf(from: number, count: number): Uint8Array {
  const ids = range(count, from)
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: ids.map(BigInt), type: 'INT64' },
      { name: 'name', data: ids.map((id) => `name${id}`), type: 'STRING' },
    ],
    rowGroupSize: 5000,
  })
  return new Uint8Array(buffer)
}
