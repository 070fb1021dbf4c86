import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connector.ts'
import { eachPayload, payloadBytes } from '../payloads.ts'
import { Properties } from '../properties.ts'
import { Journal, type Written } from './journal.ts'
import { fileTypes } from './options.ts'

const PATTERNS = ['prefix', 'suffix', 'none'] as const

/**
 * Appends every payload as a line. At qos >= 1 a chunk is acknowledged after an fsync, and a journal beside the file lets
 * a rule that went back to its checkpoint write nothing twice: the file ends with each row once.
 */
export class FileSink implements SinkConnector {
  #path = ''
  #rollingCount = 0
  #rollingSize = 0
  #rollingIntervalMs = 0
  #pattern: (typeof PATTERNS)[number] = 'suffix'
  #file: FileHandle | undefined
  #journal: Journal | undefined
  #written: Written = { generation: '', sequence: -1, bytes: 0 }
  #payloads = 0
  #openedAt = 0
  #context: ConnectorContext | undefined

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "file"', props)
    this.#path = read.text('path', 'cache')
    read.choice('fileType', 'lines', fileTypes)
    this.#rollingCount = read.integer('rollingCount', 0)
    this.#rollingSize = read.integer('rollingSize', 0)
    this.#rollingIntervalMs = read.duration('rollingInterval', 0)
    this.#pattern = read.choice('rollingNamePattern', 'suffix', PATTERNS)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    await mkdir(dirname(this.#path), { recursive: true })
    this.#file = await open(this.#path, 'a')
    const { size } = await this.#file.stat()
    this.#openedAt = context.clock.now()
    this.#written = { generation: context.generation, sequence: -1, bytes: size }
    if (context.qos > 0) await this.#recover(context, size)
    context.connection('connected')
  }

  /** What was written but not noted is cut off: its rows come again. */
  async #recover(context: ConnectorContext, size: number): Promise<void> {
    const { journal, written } = await Journal.open(`${this.#path}.journal`)
    this.#journal = journal
    if (written?.generation !== context.generation || written.bytes > size) return
    this.#written = written
    if (written.bytes < size) await this.#file?.truncate(written.bytes)
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    const lines = Buffer.allocUnsafe(payloadBytes(chunk) + chunk.count)
    let used = 0
    let sequence = chunk.first
    let count = 0
    eachPayload(chunk, (bytes, start, end) => {
      if (sequence++ <= this.#written.sequence) return
      lines.set(bytes.subarray(start, end), used)
      used += end - start
      lines[used++] = 10
      count++
    })
    if (count === 0) return
    await this.#append(lines.subarray(0, used))
    this.#payloads += count
    this.#written = { ...this.#written, sequence: sequence - 1, bytes: this.#written.bytes + used }
    if (this.#journal !== undefined) {
      await this.#file?.datasync()
      await this.#journal.note(this.#written)
    } else {
      this.#written = { ...this.#written, sequence: -1 }
    }
    if (this.#isFull()) await this.#roll()
  }

  async #append(lines: Buffer): Promise<void> {
    for (let at = 0; at < lines.length; ) {
      const { bytesWritten } = await (this.#file as FileHandle).write(lines, at)
      at += bytesWritten
    }
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
