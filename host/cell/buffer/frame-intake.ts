import type { SourceWriter } from '../connectors/connector.ts'
import { frameEnd, isFramed } from './chunk.ts'

type FrameWriter = Pick<SourceWriter, 'ring' | 'onRoom' | 'whenDurable'> & {
  append(bytes: Uint8Array, start: number, end: number): boolean
}

/**
 * Takes in the frames that a plugin source hands over from its worker. Every length is checked before anything is read;
 * a chunk that does not fit waits for room, frame by frame.
 */
export class FrameIntake {
  readonly #writer: FrameWriter
  #last: Promise<void> = Promise.resolve()

  constructor(writer: FrameWriter) {
    this.#writer = writer
  }

  /**
   * Resolves when all frames are in the buffer, or safe where there is a spool.
   *
   * @throws TypeError when `chunk` does not hold exactly `count` frames
   */
  write(chunk: ArrayBuffer, count: number): Promise<void> {
    if (!isFramed(chunk, count)) {
      throw new TypeError(`a chunk of ${chunk.byteLength} bytes does not hold ${count} frames`)
    }
    // One chunk after the other: a chunk that waits for room must not be overtaken.
    this.#last = this.#last.then(() => this.#append(chunk))
    return this.#last
  }

  async #append(chunk: ArrayBuffer): Promise<void> {
    const bytes = new Uint8Array(chunk)
    const view = new DataView(chunk)
    let at = 0
    while (at < chunk.byteLength) {
      const end = frameEnd(view, at)
      if (this.#writer.append(bytes, at, end)) {
        at = end
        continue
      }
      this.#writer.ring()
      await new Promise<void>((resolve) => this.#writer.onRoom(resolve))
    }
    this.#writer.ring()
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#writer.whenDurable === undefined) return
    this.#writer.whenDurable(resolve)
    await promise
  }
}
