import type { SourceWriter } from '../connectors/connector.ts'
import { frameEnd, isFramed } from './chunk.ts'
import { offsetIn } from './frame-head.ts'

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
  #isClosed = false
  /** Of the chunk that waits for room. */
  #wake = () => {}
  /** Of those who write: one worker after the other. */
  #life = 0

  constructor(writer: FrameWriter) {
    this.#writer = writer
  }

  /**
   * Resolves when all frames are in the buffer, or safe where there is a spool. The chunk is taken: it is empty then.
   *
   * @throws TypeError when `chunk` does not hold exactly `count` frames
   */
  write(chunk: ArrayBuffer, count: number): Promise<void> {
    if (!isFramed(chunk, count)) {
      throw new TypeError(`a chunk of ${chunk.byteLength} bytes does not hold ${count} frames`)
    }
    const life = this.#life
    // One chunk after the other: a chunk that waits for room must not be overtaken.
    this.#last = this.#last.then(() => this.#append(chunk, life))
    return this.#last
  }

  /** What waits for room is thrown away. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  /** The worker that wrote is gone. What of it waits for room is thrown away where its successor brings it again. */
  endLife(): void {
    this.#life++
    this.#wake()
  }

  async #append(chunk: ArrayBuffer, life: number): Promise<void> {
    const bytes = new Uint8Array(chunk)
    const view = new DataView(chunk)
    let at = 0
    while (at < chunk.byteLength) {
      if (this.#isClosed) return
      if (life !== this.#life && isPlaced(view, at)) return
      const end = frameEnd(view, at)
      if (this.#writer.append(bytes, at, end)) {
        at = end
        continue
      }
      this.#writer.ring()
      // Nothing that stays is hung on: a rule may wait for room as long as it runs.
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#writer.onRoom(resolve)
      })
    }
    // Nobody needs it any more: what lies outside of V8's heap costs whole collections of it.
    chunk.transfer(0)
    this.#writer.ring()
    if (this.#writer.whenDurable === undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#writer.whenDurable(resolve)
    await promise
  }
}

/** A source that goes back says where, in the last frame of each chunk: it hands over no part of an array. */
function isPlaced(view: DataView, from: number): boolean {
  let last = from
  for (let at = from; at < view.byteLength; at = frameEnd(view, at)) last = at
  return offsetIn(view, last) !== undefined
}
