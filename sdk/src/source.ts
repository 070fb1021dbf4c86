import type { PluginContext } from './context.ts'
import type { Data, Meta, Row, SourceTuple } from './tuple.ts'

/**
 * Takes one tuple, or an array of them, into the rule's buffer. The data belongs to the rule from here on: do not change
 * it. An array has one offset: a replay repeats all of it.
 *
 * @returns `undefined`, or a promise when the buffer is full. Await it before the next tuple, or the host ends the source
 */
export type Consumer = (
  data: Data | SourceTuple | readonly (Data | SourceTuple)[],
  meta?: Meta,
) => Promise<void> | undefined

/** Ends the rule with this reason, unless its restart strategy says otherwise. The same as rejecting `open`. */
export type ErrorChannel = (reason: Error) => void

export interface SourceContext extends PluginContext {
  /** Says that `open` has connected. Its deadline (30 s) ends with this call or with the first tuple. */
  ready(): void
  /** Says that there is nothing more: a bounded source that does not return from `open` ends this way. */
  end(): void
  /** How many instances of the source there are: its `concurrency`. */
  readonly instances?: number | undefined
  /** Tuples made by `newLinesTuple` are read as rows. */
  readonly takesLines?: boolean | undefined
}

/**
 * Brings tuples from outside into a rule. One instance per rule and per `concurrency`.
 *
 * The host calls `configure` once, `rewind` at most once, `open` once and `close` once, in this order, each after the one
 * before has settled; `close` also when one of them failed. What is thrown from `configure` refuses the rule; from
 * `open`, ends it.
 *
 * @example
 * export class Ticker implements Source {
 *   #everyMs = 1000
 *   configure(_datasource: string, props: { interval?: number }) {
 *     this.#everyMs = props.interval ?? this.#everyMs
 *   }
 *   async open({ signal }: SourceContext, consumer: Consumer) {
 *     for (let n = 0; !signal.aborted; n++) {
 *       await consumer({ n })
 *       await pause(this.#everyMs, signal)
 *     }
 *   }
 *   close() {}
 * }
 */
export interface Source {
  /**
   * @param datasource the DATASOURCE of the stream, as written
   * @param props the CONF_KEY section over `default`, checked against the plugin's schema
   */
  configure(datasource: string, props: Record<string, unknown>): void | Promise<void>
  /**
   * Start bringing tuples. May return at once and go on by callbacks, or stay pending for as long as there are any.
   * A bounded source says that it has come to its end by `ctx.end()`, or by throwing `EndOfInput`.
   */
  open(ctx: SourceContext, consumer: Consumer, errCh: ErrorChannel): void | Promise<void>
  /** Let go of everything, within 5 s. Called exactly once. */
  close(ctx: SourceContext): void | Promise<void>
}

/** A source in pull style: what it yields goes to the consumer, and the end of the iteration is the end of the source. */
export interface PullSource {
  configure(datasource: string, props: Record<string, unknown>): void | Promise<void>
  open(ctx: SourceContext): AsyncIterable<Data | SourceTuple>
  close(ctx: SourceContext): void | Promise<void>
}

/**
 * A source that can go back. A rule with qos >= 1 goes back with it to its last checkpoint, and to the very start where it
 * has none; without this, it keeps what the source brings in a spool on disk.
 */
export interface Rewindable {
  /**
   * From the same offset the same tuples come in the same order, and without an offset the source begins at the same place.
   * Rows that were sent before are known by their number, so say `false` where this does not hold: objects that appear later
   * between those that were read, several partitions, a start at the end of a file, a sender that forgets what was taken (the
   * promise of the consumer says then that there is room, not that a tuple is safe). The spool keeps the tuples then, and
   * the source goes on behind them. So it is with `concurrency`, too.
   *
   * @default true
   */
  readonly isRepeatable?: boolean | undefined
  /**
   * Where to continue after the tuple just taken. Read synchronously right after each tuple was handed to the consumer,
   * so set it before. Plain data.
   */
  getOffset(): unknown
  /**
   * Continue from what `getOffset` returned in an earlier life. Called after `configure` and before `open`.
   *
   * @param since of a source that is not repeatable: offsets of tuples before `offset` that the state in `ctx` does not know
   * of, since it is that of the last checkpoint; oldest first, of every 32nd tuple at least
   */
  rewind(offset: unknown, since?: readonly unknown[]): void | Promise<void>
  /**
   * Called instead of `rewind` when there was another number of instances then: every instance gets the offsets of all,
   * `undefined` for one that had none. Without this, instance n goes on from the offset of instance n.
   *
   * @param since as of `rewind`, each with the offsets of all
   */
  rewindAll?(offsets: readonly unknown[], since?: readonly unknown[]): void | Promise<void>
  /**
   * Continue from where the operator says: `PUT /rules/ID/reset_state`, `plutino rule state reset ID --stream s --input '{…}'`.
   * Called instead of `rewind`, in a new worker, with the state of the rule as it is; on each instance where there are several.
   * `getOffset` is asked right after it and has to say the new place, so that a crash goes back there; `undefined` there is the
   * beginning. What it throws is told to the operator, and the rule goes on as before.
   *
   * @param input what they wrote, an object: check it
   */
  resetOffset?(input: Record<string, unknown>): void | Promise<void>
}

/**
 * A lookup table: rules join their streams to it (`CREATE TABLE … WITH (TYPE="myTable", KIND="lookup")`). It is a source of
 * the plugin that has `lookup`; where a package has both, export the table as `MyTableLookup`. One instance per rule, in
 * the rule's worker, called at a stage border: rows wait for it in order, so it may be asynchronous.
 *
 * @example
 * export class Sites implements LookupSource {
 *   configure() {}
 *   open() {}
 *   lookup(columns: readonly string[], keys: readonly (readonly unknown[])[]) {
 *     return keys.map(([id]) => [{ id, site: `site of ${id}` }])
 *   }
 *   close() {}
 * }
 */
export interface LookupSource {
  /** As of a `Source`. */
  configure(datasource: string, props: Record<string, unknown>): void | Promise<void>
  open(ctx: PluginContext): void | Promise<void>
  /**
   * Finds rows by the values of columns. What several rows ask for comes together; no key holds a null. What is thrown,
   * or takes more than 5 s, is the error of the rows that asked; after `NotConnected` and `Retryable` it is asked again
   * for a while.
   *
   * @param columns those that ON compares
   * @param keys each the values of these columns, at most 512
   * @returns for each key, in the same order, all rows that have it
   */
  lookup(
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
    ctx: PluginContext,
  ): readonly (readonly Row[])[] | Promise<readonly (readonly Row[])[]>
  close(ctx: PluginContext): void | Promise<void>
}
