import { type TimeReader, timeReader } from '#src/functions/time-format.ts'
import type { Row } from '#src/operators/operator.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import type { Note } from './frame-note.ts'

type Meta = Readonly<Record<string, unknown>>

/** The time of a row as the row itself or its source says it. Throws what is a row error. */
export type RowTime = (row: Row, arrival: number, note: Note | undefined) => number

export interface TimeOptions {
  readonly isEventTime: boolean
  readonly timeZone: string
}

/** `undefined`: rows have the time of their arrival. */
export function rowTime(source: SourcePlan, options: TimeOptions): RowTime | undefined {
  if (!options.isEventTime) return undefined
  const { timestamp } = source
  if (timestamp === undefined) return (_row, arrival, note) => note?.timestamp ?? arrival
  const { column, format } = timestamp
  const parse = timeReader(format, options.timeZone)
  return (row) => {
    const value = Object.hasOwn(row, column) ? row[column] : undefined
    if (value === null || value === undefined) {
      throw new Error(`cannot find timestamp field ${column} in tuple`)
    }
    return toTime(value, column, parse)
  }
}

function toTime(value: unknown, column: string, parse: TimeReader) {
  const time =
    typeof value === 'string'
      ? parse(value)
      : value instanceof Date
        ? value.getTime()
        : typeof value === 'bigint'
          ? Number(value)
          : value
  if (typeof time === 'number' && Number.isFinite(time)) return time
  const text = typeof value === 'string' ? value : typeof value
  throw new Error(`cannot convert timestamp field ${column} to timestamp: ${text} is no time`)
}

/** Writes the metadata that the rule reads into a row's hidden columns. */
export type MetaWriter = (row: Row, meta: Meta | undefined) => void

/** `undefined`: the rule reads none. */
export function metaWriter(source: SourcePlan): MetaWriter | undefined {
  const { meta: columns } = source
  if (columns.length === 0) return undefined
  return (row, meta) => {
    for (let i = 0; i < columns.length; i++) {
      const { path, as } = columns[i] as (typeof columns)[number]
      row[as] = follow(meta, path)
    }
  }
}

function follow(meta: Meta | undefined, path: readonly string[]): unknown {
  let value: unknown = meta
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
    value = (value as Meta)[name]
  }
  return value ?? null
}
