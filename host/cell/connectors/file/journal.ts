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
    const newest = slots.reduce((a, b) => ((b?.turn ?? -1) > (a?.turn ?? -1) ? b : a))
    journal.#turn = (newest?.turn ?? -1) + 1
    return { journal, written: newest }
  }

  /** Call it after the file itself was synced. */
  async note(written: Written): Promise<void> {
    const turn = this.#turn++
    const text = JSON.stringify({ ...written, turn } satisfies Slot)
    const line = `${digest(text)} ${text}`.padEnd(SLOT_BYTES - 1).concat('\n')
    await this.#file.write(line, (turn % 2) * SLOT_BYTES, 'utf8')
    await this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #read(slot: number): Promise<Slot | undefined> {
    const { buffer, bytesRead } = await this.#file.read(
      Buffer.alloc(SLOT_BYTES),
      0,
      SLOT_BYTES,
      slot * SLOT_BYTES,
    )
    const line = buffer.toString('utf8', 0, bytesRead).trim()
    const text = line.slice(line.indexOf(' ') + 1)
    if (line === '' || digest(text) !== line.slice(0, line.indexOf(' '))) return undefined
    return JSON.parse(text) as Slot
  }
}

const SLOT_BYTES = 512

/** `turn` counts the notes: the slot with the greater one is the newer. */
interface Slot extends Written {
  readonly turn: number
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
