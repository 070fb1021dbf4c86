import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CellError } from '../../cell.ts'
import type { ConnectorContext, SourceConnector, SourceEnd, SourceWriter } from '../connector.ts'
import { type FileOptions, readFileOptions } from './options.ts'
import { type FileTuple, readTuples } from './reader.ts'

/** Tuples written between two looks at the event loop. */
const BURST = 1024

/** Where a reading goes on: the file, and the position in it that the next tuple starts at. */
interface FileOffset {
  readonly file: string
  readonly next: number
}

/**
 * Reads a file, or the files of a folder in the order of their names, once or every `interval`. Rewindable: a reading
 * goes on at the row after the last one in the checkpoint.
 */
export class FileSource implements SourceConnector {
  readonly #base: string
  #options: FileOptions | undefined
  #from: FileOffset | undefined
  readonly #abort = new AbortController()
  #reading: Promise<void> | undefined

  /** @param base where relative paths begin; empty: the working directory */
  constructor(base = '') {
    this.#base = base
  }

  configure(datasource: string, props: Readonly<Record<string, unknown>>): void {
    this.#options = readFileOptions(datasource, props, join)
  }

  rewind(offset: unknown): void {
    const { file, next } = (offset ?? {}) as Partial<FileOffset>
    if (typeof file !== 'string' || typeof next !== 'number') {
      throw new CellError(
        'bad-property',
        `source "file": offset ${JSON.stringify(offset)} is not of the form { file, next }`,
      )
    }
    this.#from = { file, next }
  }

  async open(context: ConnectorContext, writer: SourceWriter, end: SourceEnd): Promise<void> {
    const options = this.#options as FileOptions
    await stat(this.#at(options.path)).catch((error: Error) => {
      throw new CellError(
        'open-failed',
        `source "file" of stream "${context.name}": ${error.message}; property "path" and DATASOURCE name the file`,
      )
    })
    context.connection('connected')
    const signal = AbortSignal.any([context.signal, this.#abort.signal])
    this.#reading = this.#read(options, writer, signal).then(
      () => {
        if (!signal.aborted) end.done()
      },
      (error: Error) => {
        if (!signal.aborted)
          end.failed(
            new CellError(
              'open-failed',
              `source "file" of stream "${context.name}": ${error.message}`,
              { cause: error },
            ),
          )
      },
    )
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#reading
  }

  async #read(options: FileOptions, writer: SourceWriter, signal: AbortSignal): Promise<void> {
    for (;;) {
      for (const file of await this.#filesOf(options.path)) {
        const from = this.#from
        if (from !== undefined && file < from.file) continue
        const start = from?.file === file ? from.next : 0
        await this.#readFile(file, start, options, writer, signal)
        if (signal.aborted) return
        await this.#afterRead(file, options)
      }
      this.#from = undefined
      if (options.intervalMs === 0) return
      await sleep(options.intervalMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
    }
  }

  async #readFile(
    file: string,
    start: number,
    options: FileOptions,
    writer: SourceWriter,
    signal: AbortSignal,
  ): Promise<void> {
    const metaReference = writer.meta({ file })
    let burst = 0
    for await (const { bytes, isJson, next } of readTuples(
      this.#at(file),
      options,
      start,
    ) as AsyncGenerator<FileTuple>) {
      const extra = {
        metaReference,
        offset: { file, next },
        ...(isJson ? { encoding: 'json' as const } : {}),
      }
      while (!writer.write(bytes, 0, bytes.length, extra)) {
        writer.ring()
        await roomIn(writer, signal)
        if (signal.aborted) return
      }
      if (options.sendIntervalMs > 0) {
        writer.ring()
        await sleep(options.sendIntervalMs, undefined, { signal }).catch(() => {})
      } else if (++burst % BURST === 0) {
        writer.ring()
        await new Promise(setImmediate)
      }
      if (signal.aborted) return
    }
    writer.ring()
  }

  async #filesOf(path: string): Promise<string[]> {
    const real = this.#at(path)
    if (!(await stat(real)).isDirectory()) return [path]
    const entries = await readdir(real, { withFileTypes: true })
    const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(path, name))
  }

  async #afterRead(file: string, { actionAfterRead, moveTo }: FileOptions): Promise<void> {
    if (actionAfterRead === 'delete') await rm(this.#at(file))
    if (actionAfterRead !== 'move') return
    const folder = this.#at(moveTo)
    await mkdir(folder, { recursive: true })
    await rename(this.#at(file), join(folder, basename(file)))
  }

  /** Offsets and metadata name files as the rule does: only here they become places. */
  #at(path: string): string {
    return resolve(this.#base, path)
  }
}

function roomIn(writer: SourceWriter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    writer.onRoom(resolve)
  })
}
