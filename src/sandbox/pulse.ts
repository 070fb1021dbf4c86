import type { FunctionContext, RowFunction } from '@plutino/sdk'

const EVERY_MS = 500

/** Reading the clock costs more than many a call does: of calls as fast as this, only each eighth reads it. */
const FAST_MS = 1
const STRIDE = 8

/**
 * Tells the host, between two calls of plugins, that the flow comes on: while rows are worked off the event loop answers
 * nobody. A plugin that does not come back from a call has no part in it.
 */
export class Pulse {
  readonly #now: () => number
  readonly #tell: () => void
  #toldAt: number
  #readAt: number
  /** Calls until the clock is read again. */
  #left = 1

  /** @param now ms, monotonic */
  constructor(now: () => number, tell: () => void) {
    this.#now = now
    this.#tell = tell
    this.#readAt = now()
    this.#toldAt = this.#readAt
  }

  beat(): void {
    if (--this.#left > 0) return
    const now = this.#now()
    this.#left = now - this.#readAt < FAST_MS ? STRIDE : 1
    this.#readAt = now
    if (now - this.#toldAt < EVERY_MS) return
    this.#toldAt = now
    this.#tell()
  }

  /** A row function whose calls are the pulse of the flow. */
  counted(instance: RowFunction): RowFunction {
    return {
      exec: (args: unknown[], context: FunctionContext) => {
        const result = instance.exec(args, context)
        this.beat()
        return result
      },
    }
  }
}
