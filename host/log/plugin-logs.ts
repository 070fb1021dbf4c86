import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine } from '#host/cell/cell.ts'
import { LogFile, type LogFileOptions } from './file.ts'

/** Files that are open at one time; the one that was written to the longest ago is closed for another. */
const MAX_OPEN = 64
/** Bytes of a file's end that are looked at for its last lines. */
const TAIL_BYTES = 1_048_576

export type PluginLogsOptions = Omit<LogFileOptions, 'name'>

/** What plugins log, each package's lines in a file of its own: `log/plugins/acme-mysql.log`. */
export class PluginLogs {
  readonly #options: PluginLogsOptions
  readonly #files = new Map<string, LogFile>()
  readonly #closing = new Set<Promise<void>>()
  #hasTold = false

  /** @param options `folder`: that of the logs */
  constructor(options: PluginLogsOptions) {
    const folder = join(options.folder, 'plugins')
    const failed = (error: Error) => {
      if (this.#hasTold) return
      this.#hasTold = true
      options.failed(error)
    }
    this.#options = { ...options, folder, failed }
  }

  /** A line that a plugin wrote. */
  write({ plugin, level, rule, text }: LogLine): void {
    if (plugin === undefined || plugin === '') return
    const line = { time: new Date().toISOString(), level, rule, msg: text }
    this.#file(plugin).write(`${JSON.stringify(line)}\n`)
  }

  /** The last lines of a package, as they were written: JSON with `time`, `level`, `rule`, `msg`. */
  async tail(plugin: string, lines: number): Promise<string[]> {
    const name = fileName(plugin)
    const found: string[] = []
    for (const file of [`${name}.1.log`, `${name}.log`])
      found.push(...(await lastLines(join(this.#options.folder, file))))
    return found.slice(Math.max(0, found.length - lines))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...[...this.#files.values()].map((file) => file.close())])
    this.#files.clear()
  }

  #file(plugin: string): LogFile {
    const known = this.#files.get(plugin)
    const file = known ?? new LogFile({ ...this.#options, name: fileName(plugin) })
    this.#files.delete(plugin)
    this.#files.set(plugin, file)
    const [oldest] = this.#files.keys()
    if (this.#files.size > MAX_OPEN && oldest !== undefined) this.#letGo(oldest)
    return file
  }

  #letGo(plugin: string): void {
    const closing = this.#files.get(plugin)?.close() ?? Promise.resolve()
    this.#files.delete(plugin)
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
  }
}

/** `@scope/name` is one file, and none outside the folder. */
function fileName(plugin: string): string {
  return encodeURIComponent(plugin).replaceAll('%40', '@').replaceAll('*', '%2A').slice(0, 200)
}

async function lastLines(path: string): Promise<string[]> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return []
  try {
    const { size } = await file.stat()
    const start = Math.max(0, size - TAIL_BYTES)
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    )
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
    // what is before the first end of a line may be half of one; behind the last one there is nothing yet
    return lines.slice(start === 0 ? 0 : 1, -1)
  } finally {
    await file.close()
  }
}
