import type { SQLOutputValue } from 'node:sqlite'

export type SqlRow = Readonly<Record<string, SQLOutputValue>>

export function textAt(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`catalog: no text in column ${column}`)
  return value
}

export function numberAt(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`catalog: no number in column ${column}`)
  return value
}

export function bytesAt(row: SqlRow, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new TypeError(`catalog: no bytes in column ${column}`)
  return value
}

/** One of the words that the table's CHECK allows. */
export function wordAt<const T extends string>(
  row: SqlRow,
  column: string,
  words: readonly T[],
): T {
  const value = row[column]
  const word = words.find((candidate) => candidate === value)
  if (word === undefined) throw new TypeError(`catalog: unknown word in column ${column}`)
  return word
}

export function jsonAt(row: SqlRow, column: string): unknown {
  return JSON.parse(textAt(row, column))
}
