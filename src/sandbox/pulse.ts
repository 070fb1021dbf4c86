import type { FunctionContext, RowFunction } from '@plutino/sdk'

const EVERY_MS = 500

/**
 * Tells the host, between two calls of plugins, that the flow comes on: while rows are worked off the event loop answers
 * nobody. A plugin that does not come back from a call has no part in it.
 */
export class Pulse {
  readonly #now: () => number
  readonly #tell: () => void
  #toldAt: number

  /** @param now ms, monotonic */
  constructor(now: () => number, tell: () => void) {
    this.#now = now
    this.#tell = tell
    this.#toldAt = now()
  }

  beat(): void {
    const now = this.#now()
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
