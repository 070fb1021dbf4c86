import type { Argument } from '../function.ts'
import type { Row } from '../tuple.ts'
import type { Bench, Checkpoint } from './bench.ts'

/** A function that runs in a test: one call of a statement. */
export class TestedFunction {
  readonly #bench: Bench
  readonly #flow: number
  readonly #args: readonly Argument[] | undefined

  constructor(bench: Bench, flow: number, args: readonly Argument[] | undefined) {
    this.#bench = bench
    this.#flow = flow
    this.#args = args
  }

  /**
   * Calls it for one row. `validate` is asked before the first call, as when a rule is made.
   *
   * @throws ExtensionError with what it throws: a row error
   */
  call(...values: readonly unknown[]): Promise<unknown> {
    return this.#bench.call(this.#flow, this.#args ?? columns(values.length), values)
  }

  /** The result of an aggregate over the rows of a group; each row is the values of the arguments. */
  async over(rows: readonly (readonly unknown[])[]): Promise<unknown> {
    const results = await this.slide(rows, Math.max(1, rows.length))
    return results.at(-1)
  }

  /** The results of an aggregate over the last `length` rows, after each row: what a sliding window asks for. */
  slide(rows: readonly (readonly unknown[])[], length: number): Promise<unknown[]> {
    return this.#bench.slide(this.#flow, this.#args ?? columns(rows[0]?.length ?? 0), rows, length)
  }

  /** What the rule would save now. */
  async checkpoint(): Promise<Checkpoint> {
    return { state: await this.#bench.checkpoint(this.#flow) }
  }

  /** Ends its rule. */
  close(): Promise<void> {
    return this.#bench.close(this.#flow)
  }
}

/** Columns `a`, `b`, … of which nothing is known. */
function columns(count: number): Argument[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'any',
    column: String.fromCharCode(97 + (i % 26)),
  }))
}

/** A lookup table that runs in a test. */
export class TestedLookup {
  readonly #bench: Bench
  readonly #flow: number

  constructor(bench: Bench, flow: number) {
    this.#bench = bench
    this.#flow = flow
  }

  /** For each key, the values of these columns, all rows that have it. @throws ExtensionError */
  lookup(
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly Row[])[]> {
    return this.#bench.lookup(this.#flow, columns, keys)
  }

  /** Closes it, as the end of its rule does. */
  close(): Promise<void> {
    return this.#bench.close(this.#flow)
  }
}
