import { Buffer } from 'node:buffer'
import type { Meta } from '@plutino/sdk'
import type { Predicate } from '#src/operators/compiled.ts'
import type { OperatorContext, Row } from '#src/operators/operator.ts'
import type { SourcePosition } from '#src/state/state-blob.ts'
import type { Feed, Range } from '#src/worker/protocol.ts'
import { DECODED_NONE, DECODED_ONE, type Decoder } from './decode/decoder.ts'
import {
  ENCODING_V8,
  FLAG_ENCODING,
  FLAG_LINES,
  FLAG_NOTE,
  FLAG_OFFSET_NUMBER,
  FRAME_HEADER_BYTES,
  payloadStart,
} from './frame.ts'
import { eachLine, noteOfLine } from './frame-lines.ts'
import { type Note, readNote, readOffset } from './frame-note.ts'
import type { MetaWriter, RowTime } from './row-stamps.ts'
import type { RowTarget } from './row-target.ts'

export interface SourceStageOptions {
  readonly decoder: Decoder
  /** Evaluated on the decoder's scratch row, before a row is built. */
  readonly filter?: { readonly predicate: Predicate; readonly context: OperatorContext } | undefined
  readonly target: RowTarget
  /** Missing: the time of arrival. */
  readonly timeOf?: RowTime | undefined
  /** Hidden column for the row's time. */
  readonly timeAs?: string | undefined
  readonly writeMeta?: MetaWriter | undefined
  readonly source: OperatorContext
  readonly decode: OperatorContext
}

/** The head of a flow: walks the frames of one source, decodes them and drops at once what the filter drops. */
export class SourceStage {
  readonly #options: SourceStageOptions
  readonly #metas = new Map<number, Meta>()
  /** Neither metadata nor time columns are read, nor event time: so in most rules. */
  readonly #isPlain: boolean
  /** Where the last frame stands; its offset is read when somebody asks for it. */
  #last: LastFrame | undefined
  #restored: SourcePosition = { sequence: NOTHING }

  constructor(options: SourceStageOptions) {
    this.#options = options
    const { timeOf, timeAs, writeMeta } = options
    this.#isPlain = timeOf === undefined && timeAs === undefined && writeMeta === undefined
  }

  feed(feed: Feed): void {
    for (const { reference, meta } of feed.metas) this.#metas.set(reference, meta)
    for (const range of feed.ranges) this.#read(range)
  }

  /** The last tuple that was read. */
  position(): SourcePosition {
    if (this.#last === undefined) return this.#restored
    const { bytes, view, at, sequence } = this.#last
    const offset = readOffset(bytes, view, at)
    const skip = readNote(bytes, view, at)?.skip
    return {
      sequence,
      ...(offset === undefined ? {} : { offset }),
      ...(skip === undefined ? {} : { skip }),
    }
  }

  restore(position: SourcePosition): void {
    this.#restored = position
  }

  #read({ buffer, count, first }: Range): void {
    if (count === 0) return
    const { decoder, target, source, decode } = this.#options
    const bytes = Buffer.from(buffer)
    const view = new DataView(buffer)
    let last = 0
    let end = 0
    let rows = 0
    let payloads = count
    let isViewed = false
    for (let i = 0; i < count; i++) {
      last = end
      const flags = view.getUint32(last + 4, true)
      if ((flags & FLAG_ENCODING) === ENCODING_V8) isViewed = true
      const arrival = view.getFloat64(last + 8, true)
      const start = (flags & WITH_MORE) === 0 ? last + FRAME_HEADER_BYTES : payloadStart(view, last)
      end = start + view.getUint32(last, true)
      if ((flags & FLAG_LINES) !== 0) {
        const lines = this.#readLines({ bytes, view, at: last, start, end })
        payloads += lines.count - 1
        rows += lines.rows
        continue
      }
      const how = decoder.decode(bytes, view, start, end, flags & 0xff)
      if (how === DECODED_ONE) {
        rows++
        if (this.#isPlain) this.#take(arrival)
        else this.#stamp(decoder.row, true, { arrival, note: readNote(bytes, view, last), flags })
      } else if (how === DECODED_NONE) {
        target.settle()
        decode.rowError(new Error(decoder.error), arrival)
      } else {
        rows += decoder.rows.length
        const tuple = { arrival, note: readNote(bytes, view, last), flags }
        for (const row of decoder.rows) this.#stamp(row, false, tuple)
      }
    }
    target.settle()
    this.#letGo()
    this.#last = { bytes, view, at: last, sequence: first + count - 1, isViewed }
    tally(source, payloads, payloads)
    tally(decode, payloads, rows)
  }

  /** At once: memory outside of its heap moves V8 to collect all of the heap. Without views nobody has it but us. */
  #letGo(): void {
    if (this.#last?.isViewed === false) this.#last.view.buffer.transfer(0)
  }

  /** One frame with many rows: each line is decoded as if it had come in a frame of its own. */
  #readLines({ bytes, view, at, start, end }: Lines): { count: number; rows: number } {
    const { decoder, target, decode } = this.#options
    const flags = view.getUint32(at + 4, true) & ~FLAG_LINES
    const arrival = view.getFloat64(at + 8, true)
    const note = this.#isPlain ? undefined : readNote(bytes, view, at)
    let count = 0
    let rows = 0
    eachLine(bytes, start, end, (from, to) => {
      const how = decoder.decode(bytes, view, from, to, flags & 0xff)
      const nth = count++
      if (how === DECODED_NONE) {
        target.settle()
        decode.rowError(new Error(decoder.error), arrival)
        return
      }
      rows += how === DECODED_ONE ? 1 : decoder.rows.length
      if (how === DECODED_ONE && this.#isPlain) {
        this.#take(arrival)
        return
      }
      const tuple = { arrival, note: noteOfLine(note, nth), flags }
      if (how === DECODED_ONE) this.#stamp(decoder.row, true, tuple)
      else for (const row of decoder.rows) this.#stamp(row, false, tuple)
    })
    return { count, rows }
  }

  /** The scratch row of a rule that reads nothing but the payload. */
  #take(time: number): void {
    const { decoder, target } = this.#options
    if (this.#passes(decoder.row, time, time)) target.scratch(decoder, time, time)
  }

  /** A row with its time, its metadata, and the hidden columns for both. */
  #stamp(row: Row, isScratch: boolean, { arrival, note, flags }: Tuple): void {
    const { decoder, target, decode, timeOf, timeAs, writeMeta } = this.#options
    let time = arrival
    try {
      if (timeOf !== undefined) time = timeOf(row, arrival, note)
    } catch (error) {
      target.settle()
      decode.rowError(error, arrival)
      return
    }
    if (timeAs !== undefined) row[timeAs] = time
    writeMeta?.(row, joined(this.#metas.get(flags >>> 8), note?.meta))
    if (!this.#passes(row, time, arrival)) return
    if (isScratch) target.scratch(decoder, time, arrival)
    else target.owned(row, time, arrival)
  }

  #passes(row: Row, time: number, arrival: number): boolean {
    const { filter, target } = this.#options
    if (filter === undefined) return true
    const { predicate, context } = filter
    context.metrics.recordsIn++
    try {
      if (predicate(row) === true) {
        context.metrics.recordsOut++
        return true
      }
      target.dropped(time, arrival)
    } catch (error) {
      target.settle()
      context.rowError(error, time)
    }
    return false
  }
}

interface LastFrame {
  readonly bytes: Buffer
  readonly view: DataView<ArrayBuffer>
  readonly at: number
  readonly sequence: number
  /** Rows hold parts of the memory that it lies in: V8's own format gives byte arrays so. */
  readonly isViewed: boolean
}

/** A frame that holds lines. */
interface Lines {
  readonly bytes: Buffer
  readonly view: DataView
  /** Where the frame begins. */
  readonly at: number
  /** Of its payload. */
  readonly start: number
  readonly end: number
}

interface Tuple {
  readonly arrival: number
  readonly note: Note | undefined
  readonly flags: number
}

/** The sequence number of what was seen before the first tuple. */
const NOTHING = 0

/** The payload does not begin right behind the header. */
const WITH_MORE = FLAG_OFFSET_NUMBER | FLAG_NOTE

function tally({ metrics }: OperatorContext, recordsIn: number, recordsOut: number): void {
  metrics.recordsIn += recordsIn
  metrics.recordsOut += recordsOut
}

/** What many tuples share, and over it what one tuple has of its own. */
function joined(shared: Meta | undefined, own: Meta | undefined): Meta | undefined {
  if (shared === undefined || own === undefined) return own ?? shared
  return { ...shared, ...own }
}
