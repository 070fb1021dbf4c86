import { frameEnd, isFramed } from './chunk.ts'
import type { SourceBuffer } from './source-buffer.ts'

/**
 * Takes in the frames that a plugin source hands over from its worker. Every length is checked before anything is read;
 * a chunk that does not fit waits for room, frame by frame.
 */
export class FrameIntake {
  readonly #buffer: SourceBuffer
  #last: Promise<void> = Promise.resolve()

  constructor(buffer: SourceBuffer) {
    this.#buffer = buffer
  }

  /**
   * Resolves when all frames are in the buffer.
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
      if (this.#buffer.append(bytes, at, end)) {
        at = end
        continue
      }
      this.#buffer.ring()
      await new Promise<void>((resolve) => this.#buffer.onRoom(resolve))
    }
    this.#buffer.ring()
  }
}
