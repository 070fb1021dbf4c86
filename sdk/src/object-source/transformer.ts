import { ObjectSourceError, textOf } from './errors.ts'
import type { ObjectContext } from './object-context.ts'
import type { SchemaAndValue } from './record.ts'
import type { SourceCommonConfig } from './source-config.ts'

/** The bytes of one object. */
export interface ObjectBody {
  /** In bytes, as stored. */
  readonly length: number
  /** A stream from the start. Whoever opens it reads it to its end or returns it. */
  open(signal?: AbortSignal): AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>
  /** Bytes from `start` to before `end`, where the store can. */
  read?: ((start: number, end: number, signal?: AbortSignal) => Promise<Uint8Array>) | undefined
}

/** A record that could not be decoded, in its place among the others. */
export class BrokenRecord {
  readonly error: ObjectSourceError

  constructor(error: ObjectSourceError) {
    this.error = error
  }
}

/** Some records in a row as they stand in the object: lines of JSON, each an object, none of them blank but for empty ones. */
export class Lines {
  readonly bytes: Uint8Array
  /** How many; empty ones do not count. */
  readonly count: number

  constructor(bytes: Uint8Array, count: number) {
    this.bytes = bytes
    this.count = count
  }
}

/** Some records in a row, each a value or a BrokenRecord; or several in one Lines where these were asked for. */
export interface Batch {
  readonly schema: unknown
  readonly values: readonly unknown[]
  /** About so much memory in all. */
  readonly bytes: number
}

export interface TransformInput {
  /** What is in it, decompressed. */
  readonly body: ObjectBody
  readonly context: ObjectContext
  readonly config: SourceCommonConfig
  /** So many records to leave out. */
  readonly skip: number
  /** So many records at the most in one Lines; 0: none are wanted, but values. @default 0 */
  readonly maxLines?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface TransformOptions {
  readonly signal?: AbortSignal | undefined
  /** Told of everything that cannot be decoded. Without it the object ends there, quietly but for a line in the log. */
  readonly onError?: ((error: ObjectSourceError) => void) | undefined
  readonly log?: ((text: string) => void) | undefined
}

/** Makes records of the bytes of an object, one batch after the other. */
export abstract class Transformer {
  /** Its name in `input.format`. */
  abstract readonly format: string
  /** Reads compressed files by itself, so that `file.compression.type` does not apply. */
  readonly compressesItself: boolean = false
  /** Reads ranges where the store can, and does not open a stream then. */
  readonly readsRanges: boolean = false

  /**
   * Broken records are among the values; what costs the rest of the object is thrown, as `broken-object`. Errors of the
   * stream pass as they are.
   */
  abstract batches(input: TransformInput): AsyncGenerator<Batch, void, undefined>

  /** Where a stream may start so that fewer records are left out, for a body that is not compressed. */
  startAt(
    _skip: number,
    _config: SourceCommonConfig,
  ): { offset: number; skip: number } | undefined {
    return undefined
  }

  /** The key of every record of an object: by default the object's own. */
  getKeyData(
    storageKey: unknown,
    _topic: string | undefined,
    _config: SourceCommonConfig,
  ): SchemaAndValue {
    return { schema: null, value: new TextEncoder().encode(String(storageKey)) }
  }

  /** Record by record, for whoever uses a transformer by itself. The stream is opened when the first is asked for. */
  async *getRecords(
    body: ObjectBody,
    context: ObjectContext,
    config: SourceCommonConfig,
    skip: number,
    { signal, onError, log }: TransformOptions = {},
  ): AsyncGenerator<SchemaAndValue, void, undefined> {
    try {
      for await (const { schema, values } of this.batches({
        body,
        context,
        config,
        skip,
        signal,
      })) {
        for (const value of values) {
          if (!(value instanceof BrokenRecord)) yield { schema, value }
          else if (onError === undefined) throw value.error
          else onError(value.error)
        }
      }
    } catch (error) {
      if (onError !== undefined) onError(asBroken(error, context))
      else log?.(`object ${String(context.storageKey)} ends early: ${textOf(error)}`)
    }
  }
}

/** @param at counts records of the object from 1 */
export function brokenRecord(
  { storageKey }: ObjectContext,
  at: number,
  why: string,
  cause?: unknown,
): BrokenRecord {
  const message = `object "${String(storageKey)}", record ${at}: ${why}`
  return new BrokenRecord(new ObjectSourceError('broken-record', message, { cause }))
}

export function brokenObject(
  { storageKey }: ObjectContext,
  why: string,
  cause?: unknown,
): ObjectSourceError {
  const message = `object "${String(storageKey)}": ${why}`
  return new ObjectSourceError('broken-object', message, { cause })
}

function asBroken(error: unknown, context: ObjectContext): ObjectSourceError {
  if (error instanceof ObjectSourceError) return error
  return brokenObject(context, textOf(error), error)
}
