import { createWriteStream, mkdirSync, statSync, type WriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Lines that the disk has not taken yet. Beyond, lines are left out: a log must not take the memory of the rules. */
const pendingBytes = 8_388_608
/** ms until a file that could not be written is tried again. */
const AGAIN_MS = 10_000

export interface LogFileOptions {
  readonly folder: string
  /** @default `stream` */
  readonly name?: string | undefined
  readonly rotateSize: number
  readonly rotateCount: number
  /** @default 10000 */
  readonly againMs?: number | undefined
  /** Told once when the file cannot be written, and once more when that comes again after it could. */
  readonly failed: (error: Error) => void
}

/** `stream.log`, and `stream.1.log` … for what was in it before. What cannot be written is left out, and tried again later. */
export class LogFile {
  readonly #options: LogFileOptions
  #stream: WriteStream | undefined
  #size = 0
  #rotating: Promise<void> | undefined
  #held: string[] = []
  #lost = 0
  #isBroken = false
  #againAt = 0

  constructor(options: LogFileOptions) {
    this.#options = options
  }

  write(line: string): void {
    if (this.#rotating !== undefined) {
      this.#held.push(line)
      return
    }
    const isLost = performance.now() < this.#againAt
    const stream = isLost ? undefined : this.#open()
    if (stream === undefined || stream.writableLength > pendingBytes) {
      this.#lost++
      return
    }
    if (this.#lost > 0) {
      const msg = `${this.#lost} lines left out: the disk took none, or was too slow`
      this.#put(stream, `${JSON.stringify({ level: 40, time: Date.now(), msg })}\n`, this.#lost)
      this.#lost = 0
    }
    this.#put(stream, line, 1)
    this.#size += Buffer.byteLength(line)
    if (this.#size >= this.#options.rotateSize) this.#rotate()
  }

  async close(): Promise<void> {
    // what was held meanwhile may be the beginning of the next one
    while (this.#rotating !== undefined) await this.#rotating
    await end(this.#stream)
    this.#stream = undefined
  }

  /** @param lines left out if it cannot be written */
  #put(stream: WriteStream, text: string, lines: number): void {
    stream.write(text, (error) => {
      if (error) this.#lost += lines
      else this.#isBroken = false
    })
  }

  #open(): WriteStream {
    if (this.#stream !== undefined) return this.#stream
    const path = this.#path(0)
    try {
      mkdirSync(this.#options.folder, { recursive: true })
      this.#size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    } catch {
      this.#size = 0 // the stream meets the same error, and reports it
    }
    const stream = createWriteStream(path, { flags: 'a' })
    stream.on('error', (error) => this.#failed(error, stream))
    this.#stream = stream
    return stream
  }

  #failed(error: Error, stream: WriteStream): void {
    if (this.#stream === stream) this.#stream = undefined
    this.#againAt = performance.now() + (this.#options.againMs ?? AGAIN_MS)
    const isNew = !this.#isBroken
    this.#isBroken = true
    if (isNew) this.#options.failed(error)
  }

  #rotate(): void {
    this.#rotating = this.#shift()
      .catch(this.#options.failed)
      .finally(() => {
        this.#rotating = undefined
        const held = this.#held
        this.#held = []
        for (const line of held) this.write(line)
      })
  }

  async #shift(): Promise<void> {
    await end(this.#stream)
    this.#stream = undefined
    const { rotateCount } = this.#options
    if (rotateCount === 0) return rm(this.#path(0), { force: true })
    for (let number = rotateCount - 1; number >= 0; number--) {
      await rename(this.#path(number), this.#path(number + 1)).catch(() => {}) // not that many yet
    }
  }

  #path(number: number): string {
    const { folder, name = 'stream' } = this.#options
    return join(folder, number === 0 ? `${name}.log` : `${name}.${number}.log`)
  }
}

function end(stream: WriteStream | undefined): Promise<void> {
  if (stream === undefined || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => stream.end(resolve))
}
