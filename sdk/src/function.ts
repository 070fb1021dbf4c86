import type { PluginContext } from './context.ts'

/** What is known of an argument when the rule is created. */
export interface Argument {
  /** The SQL type, in lower case, where it is known: `bigint`, `float`, `string`, `array`, … */
  readonly type?: string | undefined
  /** The value of a literal. */
  readonly literal?: unknown
  /** The name of a plain column. */
  readonly column?: string | undefined
}

export interface FunctionContext extends PluginContext {
  /** Counts the calls of functions in the statement, from 0. */
  readonly functionId: number
}

interface FunctionLife {
  /**
   * Checks how a rule calls the function: once per call in the statement, when the rule is validated, created or changed, and
   * whenever it starts; for a new rule that starts at once that is one and the same. What it throws refuses the rule; where
   * a rule starts that is there already, it is its status. Nothing of the context is there yet, and it has five seconds.
   */
  validate?(args: readonly Argument[]): void
}

/**
 * A function of rows.
 *
 * @example
 * export const echo: RowFunction = {
 *   validate(args) {
 *     if (args.length !== 1) throw new Error(`echo takes one argument, not ${args.length}`)
 *   },
 *   exec: ([value]) => value,
 *   isAggregate: () => false,
 * }
 */
export interface RowFunction extends FunctionLife {
  /**
   * `group`: what is kept by `ctx` is kept for each group of the statement's GROUP BY of its own, from window to window;
   * calls have to stand in SELECT, HAVING or ORDER BY then. A group's state stays until it is deleted, and counts in the
   * function's 64 MB. @default 'rule': all calls in the rule share it
   */
  readonly state?: 'rule' | 'group' | undefined
  /**
   * Called once per row, synchronously in the order of rows.
   *
   * @param args copies, owned by the function; SQL null is `null`. For an aggregate each is an array over the group
   * @returns the value; a promise keeps the order of rows, with a bounded number in flight and a deadline each
   * @throws anything: an error of this row, counted in the status; the rule goes on
   */
  exec(args: unknown[], ctx: FunctionContext): unknown
  isAggregate?(): boolean
}

/** An aggregate that keeps a small accumulator instead of the rows of the group; preferred where both are there. */
export interface IncrementalAggregate<A = unknown> extends FunctionLife {
  isAggregate(): true
  /** The accumulator of an empty group: plain data, part of the checkpoint. */
  init(): A
  /** Takes one row in; returns the accumulator, the same or another. */
  add(accumulator: A, args: unknown[]): A
  /** Takes the oldest row out again; with it sliding windows need not start over. */
  remove?(accumulator: A, args: unknown[]): A
  result(accumulator: A): unknown
}
