/** One decoded row: any plain object; no key in it is special. */
export type Row = Record<string, unknown>

/** A row, or a payload that the stream's FORMAT decodes. */
export type Data = Row | Uint8Array

/** Anything that can be cloned; read in SQL by `meta(key)` and `meta(a->b)`. */
export type Meta = Record<string, unknown>

/** Marks a tuple among rows. Registered, because every plugin is bundled with a copy of this module. */
const tupleMark: unique symbol = Symbol.for('plutino.tuple') as never

/** Data with its metadata and time, made by `newDefaultSourceTuple`. */
export interface SourceTuple {
  readonly [tupleMark]: true
  readonly message: Data
  readonly meta: Meta | undefined
  /** When it happened, in ms since the epoch; the arrival time is the host's affair. */
  readonly timestamp: number | undefined
  /** The message is lines, each a row; see `newLinesTuple`. */
  readonly lines?: string | true | undefined
}

/** Joins data with metadata and, where the source knows it, the time at which it happened (ms since the epoch). */
export function newDefaultSourceTuple(message: Data, meta?: Meta, timestamp?: number): SourceTuple {
  return { [tupleMark]: true, message, meta, timestamp }
}

/**
 * Many rows in one tuple: lines of JSON, each an object, of which the rule decodes only what it reads. They have one
 * offset: a replay repeats all of them. For a host whose `ctx.takesLines` is true.
 *
 * @param counter what in `meta` is one more with each line
 */
export function newLinesTuple(lines: Uint8Array, meta?: Meta, counter?: string): SourceTuple {
  return { [tupleMark]: true, message: lines, meta, timestamp: undefined, lines: counter ?? true }
}

export function isSourceTuple(value: unknown): value is SourceTuple {
  return typeof value === 'object' && value !== null && tupleMark in value
}
