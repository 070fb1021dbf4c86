import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { Retryable } from '@plutino/sdk'
import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { eachPayload, payloadBytes } from '../payloads.ts'
import { Properties } from '../properties.ts'
import { Journal, type Written } from './journal.ts'
import { fileTypes } from './options.ts'

const COMPRESSIONS = ['', 'gzip', 'zstd'] as const
/** Errors of a disk that may have room, or be itself again, later. */
const MAY_PASS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EAGAIN', 'EMFILE'])

const gzip = promisify(zlib.gzip)
const zstd = promisify(zlib.zstdCompress)

const PATTERNS = ['prefix', 'suffix', 'none'] as const

/**
 * Appends every payload as a line. At qos >= 1 a chunk is acknowledged after an fsync, and a journal beside the file lets
 * a rule that went back to its checkpoint write nothing twice: the file ends with each row once.
 */
export class FileSink implements SinkConnector {
  readonly #base: string
  #path = ''
  #rollingCount = 0
  #rollingSize = 0
  #rollingIntervalMs = 0
  #pattern: (typeof PATTERNS)[number] = 'suffix'
  #compression: (typeof COMPRESSIONS)[number] = ''
  #generation = ''
  #file: FileHandle | undefined
  #journal: Journal | undefined
  #written: Written = { generation: '', sequence: -1, bytes: 0 }
  #payloads = 0
  #openedAt = 0
  #context: ConnectorContext | undefined

  /** @param base where relative paths begin; empty: the working directory */
  constructor(base = '') {
    this.#base = base
  }

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "file"', props)
    this.#path = resolve(this.#base, read.text('path', 'cache'))
    read.choice('fileType', 'lines', fileTypes)
    this.#compression = read.choice('compression', '', COMPRESSIONS)
    this.#rollingCount = read.integer('rollingCount', 0)
    this.#rollingSize = read.integer('rollingSize', 0)
    this.#rollingIntervalMs = read.duration('rollingInterval', 0)
    this.#pattern = read.choice('rollingNamePattern', 'suffix', PATTERNS)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    this.#generation = context.generation
    await mkdir(dirname(this.#path), { recursive: true })
    this.#file = await open(this.#path, 'a')
    const { size } = await this.#file.stat()
    this.#openedAt = context.clock.now()
    this.#written = { generation: context.generation, sequence: -1, bytes: size }
    if (context.qos > 0) await this.#recover(context, size)
    context.connection('connected')
  }

  /**
   * What was written but not noted is cut off: its rows come again. A file that is smaller than noted was rolled, or taken
   * away: its rows do not come again.
   */
  async #recover(context: ConnectorContext, size: number): Promise<void> {
    const { journal, written } = await Journal.open(`${this.#path}.journal`)
    this.#journal = journal
    if (written?.generation !== context.generation) {
      // Before the first row: what a host that is killed then leaves behind this is cut off, too.
      await journal.note(this.#written)
      return
    }
    this.#written = { ...written, bytes: Math.min(written.bytes, size) }
    if (written.bytes < size) await this.#file?.truncate(written.bytes)
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    const lines = Buffer.allocUnsafe(payloadBytes(chunk) + chunk.count)
    const generation = chunk.generation ?? this.#generation
    // What comes late out of a cache may have smaller numbers than what is there already.
    const isKnown = generation === this.#written.generation && chunk.isResent !== true
    const known = isKnown ? this.#written.sequence : -1
    let used = 0
    let sequence = chunk.first
    let count = 0
    eachPayload(chunk, (bytes, start, end) => {
      if (sequence++ <= known) return
      lines.set(bytes.subarray(start, end), used)
      used += end - start
      lines[used++] = 10
      count++
    })
    if (count === 0) return
    const packed = await this.#packed(lines.subarray(0, used))
    await this.#append(packed)
    this.#payloads += count
    const last = isKnown || chunk.isResent !== true ? sequence - 1 : this.#written.sequence
    const bytes = this.#written.bytes + packed.length
    const numbering = chunk.isResent === true ? this.#written.generation : generation
    this.#written = { generation: numbering, sequence: last, bytes }
    if (this.#journal !== undefined) {
      await this.#file?.datasync()
      await this.#journal.note(this.#written)
    } else {
      this.#written = { ...this.#written, sequence: -1 }
    }
    if (this.#isFull()) await this.#roll()
  }

  /** What could not be written whole is cut off; a disk that is full may have room later. */
  async #append(lines: Buffer): Promise<void> {
    const file = this.#file as FileHandle
    let at = 0
    try {
      while (at < lines.length) {
        const { bytesWritten } = await file.write(lines, at)
        at += bytesWritten
      }
    } catch (error) {
      const { size } = await file.stat()
      // Unless somebody else has written behind it.
      if (at > 0 && size === this.#written.bytes + at) await file.truncate(this.#written.bytes)
      const { code, message } = error as NodeJS.ErrnoException
      if (code === undefined || !MAY_PASS.has(code)) throw error
      throw new Retryable(`sink "file": ${this.#path} cannot be written: ${message}`, {
        cause: error,
      })
    }
  }

  /** Compressed pieces one behind the other are one compressed file. */
  async #packed(lines: Buffer): Promise<Buffer> {
    if (this.#compression === '') return lines
    return this.#compression === 'gzip' ? gzip(lines) : zstd(lines)
  }

  #isFull(): boolean {
    const age = (this.#context?.clock.now() ?? 0) - this.#openedAt
    return (
      (this.#rollingCount > 0 && this.#payloads >= this.#rollingCount) ||
      (this.#rollingSize > 0 && this.#written.bytes >= this.#rollingSize) ||
      (this.#rollingIntervalMs > 0 && age >= this.#rollingIntervalMs)
    )
  }

  /** The full file gets a name with the time; a new one is begun under the old name. */
  async #roll(): Promise<void> {
    await this.#file?.close()
    await rename(this.#path, rolledName(this.#path, this.#pattern, this.#context?.clock.now() ?? 0))
    this.#file = await open(this.#path, 'a')
    this.#payloads = 0
    this.#openedAt = this.#context?.clock.now() ?? 0
    this.#written = { ...this.#written, bytes: 0 }
    await this.#journal?.note(this.#written)
  }

  async close(): Promise<void> {
    await this.#file?.close()
    await this.#journal?.close()
    this.#file = undefined
    this.#journal = undefined
  }
}

/** `out/rows.txt` with 1700000000000: `out/rows-1700000000000.txt`, or the time in front, or at the very end. */
function rolledName(path: string, pattern: (typeof PATTERNS)[number], now: number): string {
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const name = path.slice(folder.length)
  if (pattern === 'prefix') return `${folder}${now}-${name}`
  const dot = name.lastIndexOf('.')
  if (pattern === 'none' || dot <= 0) return `${folder}${name}-${now}`
  return `${folder}${name.slice(0, dot)}-${now}${name.slice(dot)}`
}
