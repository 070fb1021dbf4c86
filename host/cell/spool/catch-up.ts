import { setTimeout as sleep } from 'node:timers/promises'
import type { SpooledPast } from '../buffer/buffer-options.ts'
import { arrivalOf, frameEnd } from '../buffer/chunk.ts'
import { bytesOf, type Reader } from '../buffer/reader.ts'
import type { Piece } from './segment.ts'
import type { Spool } from './spool.ts'

export interface CatchUpOptions {
  readonly spool: Spool
  oldestArrival(): number | undefined
  /** A reader has got something. */
  onCome(): void
  /** Something that was acknowledged is not there any more. */
  onLost(text: string): void
}

/** Read ahead of a reader, at most. */
const AHEAD_BYTES = 1_048_576
const RETRY_MS = 500

/** Gives readers what their source's buffer does not hold: from the spool, piece by piece, as fast as they take it. */
export class CatchUp implements SpooledPast {
  readonly #options: CatchUpOptions
  readonly #loading = new Set<Reader>()

  constructor(options: CatchUpOptions) {
    this.#options = options
  }

  oldestArrival(): number | undefined {
    return this.#options.oldestArrival()
  }

  wanted(reader: Reader): void {
    if (this.#loading.has(reader) || !mayLoad(reader)) return
    this.#loading.add(reader)
    void this.#load(reader)
  }

  async #load(reader: Reader): Promise<void> {
    const { spool, onCome, onLost } = this.#options
    while (mayLoad(reader) && !spool.isClosed) {
      const [from, to] = [reader.past, reader.sequence]
      let piece: Piece | undefined
      try {
        piece = await spool.read(from, to)
      } catch (error) {
        if (spool.isClosed) break
        onLost(`the spool cannot be read: ${error instanceof Error ? error.message : error}`)
        await sleep(RETRY_MS)
        continue
      }
      // It was sent back meanwhile.
      if (reader.past !== from || spool.isClosed) continue
      const first = piece?.first ?? to
      if (first > from) onLost(`tuples ${from} to ${first - 1} are not in the spool any more`)
      if (piece === undefined && reader.sequence !== to) reader.lost(to)
      else reader.came(piece, piece === undefined ? reader.pastArrival : lastArrivalOf(piece))
      onCome()
    }
    this.#loading.delete(reader)
  }
}

function mayLoad(reader: Reader): boolean {
  let ahead = 0
  for (const segment of reader.again) ahead += bytesOf(segment)
  return reader.isBehind && ahead < AHEAD_BYTES
}

function lastArrivalOf({ chunk, count }: Piece): number {
  let at = 0
  for (let i = 1; i < count; i++) at = frameEnd(chunk.view, at)
  return arrivalOf(chunk.view, at)
}
