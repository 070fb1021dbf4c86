import { Buffer } from 'node:buffer'
import type { Batch, Row } from '#src/operators/operator.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import { payloadStart } from '../frame.ts'
import { RowHold } from '../row-hold.ts'
import { actionEncoder } from './action-encoder.ts'
import { type Chunk, ChunkWriter } from './chunk-writer.ts'
import { compressed } from './compressed.ts'
import { DynamicNotes } from './dynamic-notes.ts'
import type { Encoder, EncoderContext } from './encoder.ts'

const { stringify } = JSON
const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')

/** Actions that get the same payloads: batches of rows go in, chunks of payloads come out. */
export class Channel {
  readonly actions: number[]
  /** Names its state in a checkpoint. */
  readonly id: string
  /** Late rows instead of emissions. */
  readonly isLate: boolean
  readonly hold: RowHold | undefined
  readonly #options: EncodeOptions
  readonly #emitsBatches: boolean
  readonly #encoder: Encoder
  readonly #notes: DynamicNotes | undefined
  readonly #writer = new ChunkWriter()
  /** Where the parts of a batch are written before they are joined. */
  readonly #scratch = new ChunkWriter()

  constructor(options: EncodeOptions, common: EncoderContext, action: number) {
    const context = options.lateRows === true ? { ...common, ...asItCame } : common
    const { batch, dynamic, template, format } = options
    this.actions = [action]
    this.id = `sink(${stringify(options)})`
    this.isLate = options.lateRows === true
    this.#options = options
    this.#emitsBatches = context.emitsBatches
    const isList = batch !== undefined && (template !== undefined || format === 'delimited')
    // Of a batch the template gets all rows, and lines of rows follow each other.
    const own = isList ? { ...options, sendSingle: false } : options
    this.#encoder = actionEncoder(own, isList ? { ...context, emitsBatches: true } : context)
    this.#notes = dynamic && new DynamicNotes(dynamic, context.rowError)
    const release = (parts: readonly Batch[]) => this.#release(parts, isList)
    this.hold = batch && new RowHold({ ...batch, emitsBatches: context.emitsBatches, release })
  }

  push(batch: Batch): void {
    if (this.hold !== undefined) this.hold.add(batch)
    else if (this.#notes === undefined) this.#encoder.encode(batch, this.#writer)
    else this.#encodeNoted(batch, this.#notes)
  }

  /** A row error as the sinks get it. */
  error(message: string, time: number): void {
    const row = { error: message }
    if (this.#notes !== undefined) this.#writer.note(noteOf(this.#notes, row))
    this.#writer.text(stringify(row), time)
    this.#writer.note(undefined)
  }

  /** What was encoded since the last call. */
  take(): readonly Chunk[] {
    if (this.#writer.isEmpty) return []
    const { compression } = this.#options
    const chunks = this.#writer.take()
    return compression === undefined
      ? chunks
      : chunks.map((chunk) => compressed(chunk, compression))
  }

  #encodeNoted(batch: Batch, notes: DynamicNotes): void {
    // An emission of several rows is taken apart; rows that are emissions of their own keep their order.
    const isOne = this.#emitsBatches && !this.#options.sendSingle
    const units = isOne
      ? [batch]
      : batch.rows.map((row, i) => single(row, batch.times[i] as number))
    for (const unit of units) {
      for (const { note, parts } of notes.groups([unit])) {
        this.#writer.note(note)
        for (const part of parts) this.#encoder.encode(part, this.#writer)
      }
    }
    this.#writer.note(undefined)
  }

  #release(parts: readonly Batch[], isList: boolean): void {
    const join = (group: readonly Batch[]) => (isList ? this.#list(group) : this.#join(group))
    if (this.#notes === undefined) {
      join(parts)
      return
    }
    for (const group of this.#notes.groups(parts)) {
      this.#writer.note(group.note)
      join(group.parts)
    }
    this.#writer.note(undefined)
  }

  /** One payload of all rows. */
  #list(parts: readonly Batch[]): void {
    const rows = parts.flatMap((part) => part.rows)
    const times = parts.flatMap((part) => part.times)
    if (rows.length > 0) this.#encoder.encode({ rows, times }, this.#writer)
  }

  /** One array of what the emissions would have been by themselves. */
  #join(parts: readonly Batch[]): void {
    for (const part of parts) this.#encoder.encode(part, this.#scratch)
    if (this.#scratch.isEmpty) return
    const pieces: Uint8Array[] = []
    for (const { buffer, count } of this.#scratch.take()) {
      const view = new DataView(buffer)
      for (let i = 0, at = 0; i < count; i++) {
        const start = payloadStart(view, at)
        at = start + view.getUint32(at, true)
        pieces.push(pieces.length === 0 ? OPEN : COMMA, new Uint8Array(buffer, start, at - start))
      }
    }
    const last = parts.at(-1)
    const time = last?.times.at(-1) ?? last?.empty?.time ?? 0
    this.#writer.bytes(Buffer.concat([...pieces, CLOSE]), time)
  }
}

/** A late row has the columns of its stream, and is an emission of its own. */
const asItCame = { output: undefined, emitsBatches: false, keepsNull: true } as const

function single(row: Row, time: number): Batch {
  return { rows: [row], times: [time] }
}

function noteOf(notes: DynamicNotes, row: Row): Uint8Array | undefined {
  try {
    return notes.of(row)
  } catch {
    return undefined
  }
}
