import {
  type Consumer,
  pause,
  type Rewindable,
  type Row,
  type Source,
  type SourceContext,
} from '@plutino/sdk'
import { type Options, optionsOf, varied } from './row.ts'

/** All that is needed to go on: how many rows were sent, and the last ones where they must not come again. */
interface Offset {
  readonly made: number
  readonly sent: readonly string[]
}

/**
 * The same rows as `random`, but each follows from its number alone, so that the source can go back. Its offset moves before
 * the row is handed over; one thread, so no lock.
 */
export class RewindableRandom implements Source, Rewindable {
  #options: Options = optionsOf({})
  #offset: Offset = { made: 0, sent: [] }

  configure(_datasource: string, props: Record<string, unknown>): void {
    this.#options = optionsOf(props)
  }

  async open({ signal, ready }: SourceContext, consumer: Consumer): Promise<void> {
    // where all rows were sent before, none says it
    ready()
    while (!signal.aborted) {
      const row = this.#next()
      if (row !== undefined) await consumer(row)
      await pause(this.#options.interval, signal)
    }
  }

  close(): void {}

  getOffset(): unknown {
    return this.#offset
  }

  rewind(offset: unknown): void {
    this.#offset = offset as Offset
  }

  resetOffset({ made }: Record<string, unknown>): void {
    if (typeof made !== 'number' || !Number.isSafeInteger(made) || made < 0) {
      throw new Error(`made: a number of rows is wanted, not ${JSON.stringify(made)}`)
    }
    this.#offset = { made, sent: [] }
  }

  /** `undefined`: like one that was sent before. */
  #next(): Row | undefined {
    const { pattern, seed, deduplicate } = this.#options
    const made = this.#offset.made + 1
    let column = 0
    const row = varied(pattern, (value) => value + (mixed(made, column++) % seed))
    const text = JSON.stringify(row)
    const { sent } = this.#offset
    const isNew = deduplicate === 0 || !sent.includes(text)
    if (!isNew || deduplicate === 0) this.#offset = { made, sent }
    else this.#offset = { made, sent: [...sent, text].slice(-Math.max(0, deduplicate)) }
    return isNew ? row : undefined
  }
}

/** A number of 32 bits that looks random and is the same for the same two: multiplication and shifts over their bits. */
function mixed(row: number, column: number): number {
  let bits = (Math.imul(row, 0x9e3779b1) ^ Math.imul(column + 1, 0x85ebca6b)) >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
  return (bits ^ (bits >>> 15)) >>> 0
}
