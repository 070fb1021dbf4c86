import { type DistributionType, distributionTypes } from './distribution.ts'
import { ObjectSourceError } from './errors.ts'
import { ObjectNamePattern } from './name-pattern.ts'

/** What something that cannot be decoded costs: the task, the record, or what is left of the object. */
export type ErrorsTolerance = 'none' | 'all' | 'object'
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'zstd'
/** What whole numbers of 64 bits become: a number where it is exact and a bigint beyond, or one of the two always. */
export type LongMode = 'auto' | 'bigint' | 'number'

export interface SourceCommonConfig {
  /** `max.poll.records` @default 500 */
  readonly maxPollRecords: number
  /** `max.queue.bytes`: read ahead at the most, about. @default 16777216 */
  readonly maxQueueBytes: number
  /** `ring.buffer.size`: so many objects back a late one is still noticed. @default 1000 */
  readonly ringBufferSize: number
  /** `errors.tolerance` @default all */
  readonly errorsTolerance: ErrorsTolerance
  /** `distribution.type` @default object_hash */
  readonly distributionType: DistributionType
  /** `topic`: wins over the one in the name. */
  readonly topic?: string | undefined
  /** `native.start.key`: reading starts behind it; a checkpoint wins. */
  readonly nativeStartKey?: string | undefined
  /** `input.format` @default bytes */
  readonly inputFormat: string
  /** `transformer.max.buffer.size`: bytes of a record of format bytes; 0: the whole object. @default 4096 */
  readonly maxBufferSize: number
  /** `max.record.bytes`: what a line, an array's element, a block or a whole object may have. @default 16777216 */
  readonly maxRecordBytes: number
  /** `file.name.template` @default .* */
  readonly namePattern: ObjectNamePattern
  /** `file.compression.type` @default none */
  readonly compression: CompressionType
  /** `concurrency`, or `tasks.max` @default 1 */
  readonly tasksMax: number
  /** `task.id`: the instance's number. @default 0 */
  readonly taskId: number
  /** `longs` @default auto */
  readonly longs: LongMode
  /** `max.retries`: tries in a row before a store's failure ends the task; 0: as long as the task runs. @default 0 */
  readonly maxRetries: number
  /** `prefetch.objects`: so many are asked for before their turn, with 8 MiB in all; 0: none. @default 16 */
  readonly prefetchObjects: number
  /** `late.audit.listings`: every so many listings one from the very start, to count what came too late. 0: never. @default 0 */
  readonly lateAuditListings: number
  readonly csv: CsvConfig
}

export interface CsvConfig {
  /** `csv.delimiter` @default , */
  readonly delimiter: string
  /** `csv.quote` @default " */
  readonly quote: string
  /** `csv.columns`: names, with commas between; without them the first row has the names. */
  readonly columns?: readonly string[] | undefined
}

type Props = Readonly<Record<string, unknown>>
const MAX_INT = 2 ** 31 - 1

/**
 * Reads the common properties; values may be numbers, booleans or texts.
 *
 * @throws ObjectSourceError `configuration` naming property and value
 */
export function sourceConfig(props: Props): SourceCommonConfig {
  const distributionType = choice(props, 'distribution.type', distributionTypes, 'object_hash')
  const tasksMax = count(props, props.concurrency === undefined ? 'tasks.max' : 'concurrency', 1, 1)
  return Object.freeze({
    maxPollRecords: count(props, 'max.poll.records', 500, 1),
    maxQueueBytes: count(props, 'max.queue.bytes', 16 * 2 ** 20, 1),
    ringBufferSize: count(props, 'ring.buffer.size', 1000, 0),
    errorsTolerance: choice(props, 'errors.tolerance', ['none', 'all', 'object'], 'all'),
    distributionType,
    topic: text(props, 'topic'),
    nativeStartKey: text(props, 'native.start.key'),
    inputFormat: (text(props, 'input.format') ?? 'bytes').toLowerCase(),
    maxBufferSize: bufferSize(props),
    maxRecordBytes: count(props, 'max.record.bytes', 16 * 2 ** 20, 1),
    namePattern: namePattern(props, distributionType),
    compression: choice(props, 'file.compression.type', ['none', 'gzip', 'snappy', 'zstd'], 'none'),
    tasksMax,
    taskId: count(props, 'task.id', 0, 0) % tasksMax,
    longs: choice(props, 'longs', ['auto', 'bigint', 'number'], 'auto'),
    maxRetries: count(props, 'max.retries', 0, 0),
    prefetchObjects: count(props, 'prefetch.objects', 16, 0),
    lateAuditListings: count(props, 'late.audit.listings', 0, 0),
    csv: csvConfig(props),
  })
}

/** A whole object is asked for by the word, so that a slip to 0 is still refused. */
function bufferSize(props: Props): number {
  const name = 'transformer.max.buffer.size'
  return props[name] === 'object' ? 0 : count(props, name, 4096, 1)
}

function namePattern(props: Props, distribution: DistributionType): ObjectNamePattern {
  const name = 'file.name.template'
  const given = props[name]
  if (given === undefined && distribution === 'object_hash') return new ObjectNamePattern('.*')
  if (given === undefined || String(given).trim() === '') {
    throw wrong(`${name} must not be empty or not set`)
  }
  const template = String(given)
  if (template.startsWith('.well-known/acme-challenge')) {
    throw wrong(`${name} "${template}" must not start with .well-known/acme-challenge`)
  }
  const pattern = new ObjectNamePattern(template)
  if (distribution === 'partition' && !pattern.variables.includes('partition')) {
    throw wrong(`${name} "${template}": {{partition}} is required by distribution.type partition`)
  }
  return pattern
}

function csvConfig(props: Props): CsvConfig {
  const { 'csv.delimiter': delimiter = ',', 'csv.quote': quote = '"' } = props
  for (const [name, value] of Object.entries({ delimiter, quote })) {
    if (typeof value !== 'string' || value.length !== 1 || /[\r\n]/.test(value)) {
      throw wrong(`csv.${name} must be one character, not ${shown(value)}`)
    }
  }
  const columns = text(props, 'csv.columns')?.split(',')
  return {
    delimiter: String(delimiter),
    quote: String(quote),
    columns: columns?.map((column) => column.trim()),
  }
}

/** A whole number that fits 32 bits. */
export function count(props: Props, name: string, byDefault: number, least: number): number {
  const given = props[name]
  if (given === undefined) return byDefault
  const value = typeof given === 'number' ? given : Number(String(given).trim() || Number.NaN)
  if (!Number.isInteger(value) || Math.abs(value) > MAX_INT) {
    throw wrong(`${name}: ${shown(given)} is not a number of type INT`)
  }
  if (value < least) throw wrong(`${name}: ${shown(given)} must be at least ${least}`)
  return value
}

/** One of some words, in any case. */
export function choice<T extends string>(
  props: Props,
  name: string,
  allowed: readonly T[],
  byDefault: T,
): T {
  const given = props[name]
  if (given === undefined) return byDefault
  const lower = String(given).toLowerCase()
  const found = allowed.find((each) => each === lower)
  if (found !== undefined) return found
  throw wrong(`${name}: ${shown(given)} is not one of ${allowed.join(', ')}`)
}

function text(props: Props, name: string): string | undefined {
  const given = props[name]
  if (given === undefined || given === null) return undefined
  const value = String(given)
  if (value.trim() === '') throw wrong(`${name} must not be empty`)
  return value
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value)
}

function wrong(message: string): ObjectSourceError {
  return new ObjectSourceError('configuration', message)
}
