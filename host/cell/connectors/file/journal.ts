import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

/** What a file holds that was surely written: payloads up to a number, bytes up to a length. */
export interface Written {
  /** Tells one life of a rule from another, whose numbers start anew. */
  readonly generation: string
  readonly sequence: number
  readonly bytes: number
}

/**
 * The small file beside a sink's file that says how far it is durable. Two slots are written in turn, so that a torn
 * write leaves the one before.
 */
export class Journal {
  readonly #file: FileHandle
  #turn = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<{ journal: Journal; written: Written | undefined }> {
    const file = await open(path, 'a+')
      .then((handle) => handle.close())
      .then(() => open(path, 'r+'))
    const journal = new Journal(file)
    const slots = await Promise.all([journal.#read(0), journal.#read(1)])
    const newest = (slots[1]?.bytes ?? -1) > (slots[0]?.bytes ?? -1) ? 1 : 0
    journal.#turn = newest + 1
    return { journal, written: slots[newest] }
  }

  /** Call it after the file itself was synced. */
  async note(written: Written): Promise<void> {
    const text = JSON.stringify(written)
    const line = `${digest(text)} ${text}`.padEnd(SLOT_BYTES - 1).concat('\n')
    await this.#file.write(line, (this.#turn++ % 2) * SLOT_BYTES, 'utf8')
    await this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #read(slot: number): Promise<Written | undefined> {
    const { buffer, bytesRead } = await this.#file.read(
      Buffer.alloc(SLOT_BYTES),
      0,
      SLOT_BYTES,
      slot * SLOT_BYTES,
    )
    const line = buffer.toString('utf8', 0, bytesRead).trim()
    const text = line.slice(line.indexOf(' ') + 1)
    if (line === '' || digest(text) !== line.slice(0, line.indexOf(' '))) return undefined
    return JSON.parse(text) as Written
  }
}

const SLOT_BYTES = 512

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
