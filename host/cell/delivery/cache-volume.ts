import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Emission } from '#src/worker/protocol.ts'
import { framedBytes, frameEnd } from '../buffer/chunk.ts'
import type { PayloadChunk } from '../connectors/connector.ts'
import { readJson, replaceFile } from '../spool/durable-file.ts'
import { newRecord } from '../spool/record.ts'
import type { Piece } from '../spool/segment.ts'
import { Spool, type SpoolOptions } from '../spool/spool.ts'

export type Payloads = Pick<Emission, 'buffer' | 'count' | 'first'>

const ABOUT = 'volume.json'
const SENT = 'sent'
const SENT_BYTES = 16
const GONE = '.gone'

export interface VolumeOptions {
  readonly folder: string
  readonly limitBytes: number
  readonly probe?: SpoolOptions['probe']
}

interface Numbering {
  readonly generation: string
  readonly epoch: number
}

/** Payloads of one action on disk whose numbers follow each other without a gap: a spool, and how far it has been sent. */
export class CacheVolume {
  readonly generation: string
  readonly epoch: number
  readonly #folder: string
  readonly #spool: Spool
  readonly #sentFile: FileHandle
  /** Payloads up to this one need not be sent any more. */
  #sent: number
  /** Given up behind a page that is under way: from after the first of these to the second. */
  #skipFrom = 0
  #skipTo = 0
  #piece: Piece | undefined
  /** In the piece: a payload's number, and where it begins. */
  #number = 0
  #at = 0
  /** Numbers that were never found again: damage. */
  missing = 0

  private constructor(
    folder: string,
    numbering: Numbering,
    parts: { readonly spool: Spool; readonly sentFile: FileHandle; readonly sent: number },
  ) {
    this.#folder = folder
    this.generation = numbering.generation
    this.epoch = numbering.epoch
    this.#spool = parts.spool
    this.#sentFile = parts.sentFile
    this.#sent = parts.sent
  }

  /** A new one, whose first payload will have number `first`. */
  static async create(options: VolumeOptions, about: Numbering, first: number) {
    const { folder, limitBytes, probe } = options
    await mkdir(folder, { recursive: true })
    await replaceFile(join(folder, ABOUT), JSON.stringify({ version: 1, ...about }))
    const spool = await Spool.open({
      folder: join(folder, 'spool'),
      limitBytes,
      firstSequence: first,
      probe,
    })
    const sentFile = await open(join(folder, SENT), 'w+')
    return new CacheVolume(folder, about, { spool, sentFile, sent: first - 1 })
  }

  /** One of an earlier life; `undefined`: there is nothing in it. */
  static async recover({
    folder,
    limitBytes,
    probe,
  }: VolumeOptions): Promise<CacheVolume | undefined> {
    const about = folder.endsWith(GONE) ? undefined : await readJson(join(folder, ABOUT))
    if (typeof about?.generation !== 'string' || typeof about.epoch !== 'number') {
      await rm(folder, { recursive: true, force: true })
      return undefined
    }
    const { generation, epoch } = about
    const spool = await Spool.open({ folder: join(folder, 'spool'), limitBytes, probe })
    const sentFile = await open(join(folder, SENT), 'a+')
      .then((file) => file.close())
      .then(() => open(join(folder, SENT), 'r+'))
    const sent = Math.max(spool.first - 1, await readSent(sentFile))
    const volume = new CacheVolume(folder, { generation, epoch }, { spool, sentFile, sent })
    if (volume.payloads > 0) return volume
    await volume.remove()
    return undefined
  }

  /** That are not sent yet. */
  get payloads(): number {
    return this.last - this.#sent - (this.#skipTo - this.#skipFrom)
  }

  get bytes(): number {
    return this.#spool.bytes
  }

  /** The number of the last one. */
  get last(): number {
    return this.#spool.next - 1
  }

  get fault(): string | undefined {
    return this.#spool.fault
  }

  /** Resolves when they survive the end of the process. They follow what is there. */
  append(group: readonly Payloads[]): Promise<void> {
    return this.#spool.append(group.map(frames))
  }

  /** The next `most` payloads; `undefined`: there are none. Until `sentTo` it gives the same ones. */
  async page(most: number): Promise<PayloadChunk | undefined> {
    const from = this.#sent + 1
    const piece = await this.#seek(from)
    if (piece === undefined) {
      // What should be there is damaged: nobody waits for it.
      this.missing += this.payloads
      this.#passed(this.last)
      return undefined
    }
    const first = this.#number
    this.missing += first - from
    this.#passed(first - 1)
    const end = piece.first + piece.count
    const isCut = this.#skipTo > this.#skipFrom
    const count = Math.min(most, (isCut ? Math.min(end, this.#skipFrom + 1) : end) - first)
    let at = this.#at
    for (let i = 0; i < count; i++) at = frameEnd(piece.chunk.view, at)
    const buffer = piece.chunk.buffer.slice(this.#at, at)
    return { buffer, count, first, epoch: this.epoch, generation: this.generation }
  }

  /** Payloads up to `sequence` need not be sent any more. */
  async sentTo(sequence: number): Promise<void> {
    if (sequence <= this.#sent || this.last <= this.#sent) return
    this.#passed(Math.min(sequence, this.last))
    this.#spool.cut(this.#sent + 1)
    const note = Buffer.alloc(SENT_BYTES)
    note.writeDoubleLE(this.#sent, 0)
    note.writeUInt32LE(crc32(note.subarray(0, 8)), 8)
    // Not synced: after the end of the machine, not of the process, a page may be sent twice.
    await this.#sentFile.write(note, 0, SENT_BYTES, 0).catch(() => {})
  }

  /** Gives up the oldest, but for those up to `held`, which are under way. @returns how many */
  skip(count: number, held: number): number {
    const before = this.payloads
    const from = Math.max(this.#sent, held, this.#skipTo)
    const to = Math.min(this.last, from + count)
    if (held > this.#sent) {
      this.#skipFrom = held
      this.#skipTo = to
    } else {
      this.#passed(to)
      this.#spool.cut(to + 1)
    }
    // More than asked for where a page before them was under way and is not any more.
    return before - this.payloads
  }

  async close(): Promise<void> {
    await this.#spool.close().catch(() => {})
    await this.#sentFile.close().catch(() => {})
  }

  /** With everything in it. What is left by an end on the way is removed in the next life. */
  async remove(): Promise<void> {
    await this.close()
    await rename(this.#folder, this.#folder + GONE).catch(() => {})
    await rm(this.#folder + GONE, { recursive: true, force: true }).catch(() => {})
  }

  #passed(sequence: number): void {
    this.#sent = Math.max(this.#sent, sequence)
    if (this.#sent < this.#skipFrom) return
    this.#sent = Math.max(this.#sent, this.#skipTo)
    this.#skipFrom = 0
    this.#skipTo = 0
  }

  /** The piece with payload `from`, or the next one that is there. */
  async #seek(from: number): Promise<Piece | undefined> {
    let piece = this.#piece
    if (piece === undefined || from < this.#number || from >= piece.first + piece.count) {
      piece = from > this.last ? undefined : await this.#spool.read(from, this.#spool.next)
      this.#piece = piece
      this.#number = piece?.first ?? 0
      this.#at = 0
    }
    for (; piece !== undefined && this.#number < from; this.#number++) {
      this.#at = frameEnd(piece.chunk.view, this.#at)
    }
    return piece
  }
}

function frames({ buffer, count }: Payloads) {
  const bytes = framedBytes(buffer, count) ?? 0
  const chunk = newRecord(bytes)
  chunk.bytes.set(new Uint8Array(buffer, 0, bytes), chunk.used)
  chunk.used += bytes
  return { chunk, count }
}

async function readSent(file: FileHandle): Promise<number> {
  const note = Buffer.alloc(SENT_BYTES)
  const { bytesRead } = await file.read(note, 0, SENT_BYTES, 0)
  if (bytesRead < SENT_BYTES || crc32(note.subarray(0, 8)) !== note.readUInt32LE(8)) return 0
  return note.readDoubleLE(0)
}
