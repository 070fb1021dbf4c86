import {
  type Consumer,
  type FileEntry,
  type Files,
  pause,
  type Rewindable,
  type Source,
  type SourceContext,
} from '@plutino/sdk'
import { type Line, linesOf } from './line-reader.ts'
import { successor } from './rotation.ts'

interface Offset {
  /** Of the file that is read; it keeps it when it is renamed. `''`: none yet. */
  readonly id: string
  /** Where the next line begins, in bytes. */
  readonly position: number
  /** How the file begins: one that begins otherwise was truncated and written anew. */
  readonly head: readonly number[]
}

interface Found {
  readonly entry: FileEntry
  readonly path: string
  /** The file still has the name that it is followed by. */
  readonly isLive: boolean
}

const CHUNK_BYTES = 1024 * 1024
const HEAD_BYTES = 64

/** Follows the file that DATASOURCE names in the folder that the operator granted as `input`. */
export class Tail implements Source, Rewindable {
  /** A file that is truncated cannot be read again, and the end of a file is another place each time. */
  readonly isRepeatable = false
  #path = ''
  #interval = 250
  #from: unknown = 'start'
  #isText = false
  #maxLineBytes = CHUNK_BYTES
  #offset: Offset = { id: '', position: 0, head: [] }
  /** Looks at a renamed file that found nothing new: its writer may not have opened the new one yet. */
  #quiet = 0

  configure(datasource: string, props: Record<string, unknown>): void {
    if (datasource === '') throw new Error('tail: DATASOURCE is the name of a file')
    this.#path = datasource
    this.#interval = Number(props.interval ?? 250)
    this.#from = props.from ?? 'start'
    this.#isText = props.lines === 'text'
    this.#maxLineBytes = Number(props.maxLineBytes ?? CHUNK_BYTES)
  }

  async open(ctx: SourceContext, consumer: Consumer): Promise<void> {
    const files = ctx.files.folder('input')
    // What was not granted is said at once, not when a row is missed.
    await files.stat(this.#path)
    ctx.ready()
    while (!ctx.signal.aborted) {
      if (!(await this.#step(ctx, files, consumer))) await pause(this.#interval, ctx.signal)
    }
  }

  close(): void {}

  getOffset(): unknown {
    return this.#offset
  }

  rewind(offset: unknown): void {
    this.#offset = offset as Offset
  }

  /** @returns whether to look again at once */
  async #step(ctx: SourceContext, files: Files, consumer: Consumer): Promise<boolean> {
    try {
      if (this.#offset.id === '') return await this.#begin(files)
      const found = await this.#find(files)
      if (found === undefined) return await this.#goOn(ctx, files, undefined)
      if (await this.#wasTruncated(files, found)) {
        ctx.logger.info(`${found.path} was truncated: it is read from its start`)
        this.#offset = { id: found.entry.id, position: 0, head: [] }
        return true
      }
      if (await this.#read(ctx, files, found, consumer)) {
        this.#quiet = 0
        return true
      }
      if (found.isLive || ++this.#quiet < 2) return false
      await this.#read(ctx, files, found, consumer, true)
      return await this.#goOn(ctx, files, found.entry)
    } catch (error) {
      // Renamed or removed between two calls: the next look tells.
      const { code } = error as { code?: unknown }
      if (code === 'ESTALE' || code === 'ENOENT') return false
      throw error
    }
  }

  async #begin(files: Files): Promise<boolean> {
    const entry = await files.stat(this.#path)
    if (entry?.type !== 'file') return false
    const position = this.#from === 'end' ? entry.bytes : 0
    this.#offset = { id: entry.id, position, head: [] }
    return true
  }

  async #find(files: Files): Promise<Found | undefined> {
    const { id } = this.#offset
    const live = await files.stat(this.#path)
    if (live?.id === id) return { entry: live, path: this.#path, isLive: true }
    const entry = (await this.#beside(files)).find((each) => each.id === id)
    return entry && { entry, path: this.#folder + entry.name, isLive: false }
  }

  async #wasTruncated(files: Files, { entry, path }: Found): Promise<boolean> {
    const { position, head, id } = this.#offset
    if (entry.bytes < position) return true
    if (entry.bytes === position || head.length === 0) return false
    const now = await files.read(path, { offset: 0, length: head.length, id })
    return head.some((byte, i) => now[i] !== byte)
  }

  /** Hands over the complete lines behind the offset. @returns whether there was one */
  async #read(
    ctx: SourceContext,
    files: Files,
    { entry, path }: Found,
    consumer: Consumer,
    isWhole = false,
  ): Promise<boolean> {
    const { position, id } = this.#offset
    if (entry.bytes <= position) return false
    // Room for the longest line and its end.
    const length = Math.max(CHUNK_BYTES, this.#maxLineBytes + 2)
    const part = await files.read(path, { offset: position, length, id })
    let isAny = false
    for (const line of linesOf(part, position, isWhole && position + part.length >= entry.bytes)) {
      isAny = true
      await this.#hand(ctx, line, part, consumer)
      if (ctx.signal.aborted) return true
    }
    if (isAny || part.length < length) return isAny
    ctx.logger.warn(`${path}: the line at ${position} is longer than ${this.#maxLineBytes} bytes`)
    this.#offset = { ...this.#offset, position: position + part.length }
    return true
  }

  /** The offset is moved before the line is handed over. */
  #hand(ctx: SourceContext, { bytes, end }: Line, part: Uint8Array, consumer: Consumer) {
    const { id, position, head } = this.#offset
    const known = position === 0 ? [...part.subarray(0, Math.min(HEAD_BYTES, end))] : head
    this.#offset = { id, position: end, head: known }
    if (bytes.length === 0) return undefined
    if (bytes.length > this.#maxLineBytes) {
      ctx.logger.warn(`${this.#path}: a line of ${bytes.length} bytes is left out`)
      return undefined
    }
    const data = this.#isText ? { line: new TextDecoder().decode(bytes) } : bytes
    return consumer(data, { file: this.#path, position })
  }

  /** With the file that came after the one that is at its end. */
  async #goOn(ctx: SourceContext, files: Files, read: FileEntry | undefined): Promise<boolean> {
    const next = successor(await this.#beside(files), this.#name, read)
    if (next === undefined) return false
    if (read === undefined) {
      ctx.logger.warn(`the file that was read before ${this.#path} is gone: its end may be missing`)
    }
    this.#quiet = 0
    this.#offset = { id: next.id, position: 0, head: [] }
    return true
  }

  async #beside(files: Files): Promise<FileEntry[]> {
    const all: FileEntry[] = []
    for (;;) {
      const page = await files.list(this.#folder.slice(0, -1), { after: all.at(-1)?.name })
      if (page.length === 0) return all
      all.push(...page)
    }
  }

  /** With its `/`, where there is one. */
  get #folder(): string {
    return this.#path.slice(0, this.#path.lastIndexOf('/') + 1)
  }

  get #name(): string {
    return this.#path.slice(this.#path.lastIndexOf('/') + 1)
  }
}
