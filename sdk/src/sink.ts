import type { PluginContext } from './context.ts'
import type { Row } from './tuple.ts'

export interface RowId {
  /** Grows with each start of the rule. */
  readonly epoch: number
  /** Counts the emissions of the action. */
  readonly sequence: number
  /**
   * At qos 1 and 2 the same when the emission comes again after a restart, and never that of another one: rule, numbering,
   * action and number, as sink `rest` sends it. A receiver that remembers it has each emission once.
   */
  readonly key: string
}

export interface SinkContext extends PluginContext {
  /** Names the emission in hand. */
  readonly rowId: RowId
  /** Where it is to go instead of where the properties say: `resendDestination` of the action, for what comes from its cache. */
  readonly destination?: string | undefined
}

interface SinkLife {
  /**
   * @param props the properties of the action, the common ones (`sendSingle`, `format`, …) among them. What the plugin's
   *   schema forbids refuses the rule when it is made; what is refused here stops it when it starts
   */
  configure(props: Record<string, unknown>): void | Promise<void>
  /** Connect. Called once, after `configure`; again after `NotConnected`. */
  open(ctx: SinkContext): void | Promise<void>
  /** Let go of everything, within 5 s. Safe after a failed `open`. */
  close(ctx: SinkContext): void | Promise<void>
}

/**
 * Sends what a rule emits to the outside. One instance per action.
 *
 * `collect` is called for one emission at a time, in order, and again only after it has settled; that it settles means
 * that the emission is durable where it went. It has 30 s; what takes longer is dropped. `NotConnected` and `Retryable` bring the same data again; any other error
 * drops the emission, counted in the status, or makes a dead letter of it where the action names a `deadLetter`. With `enableCache` what cannot be sent waits
 * on disk.
 *
 * @example
 * export class Shout implements Sink {
 *   configure() {}
 *   open() {}
 *   collect(ctx: SinkContext, data: Uint8Array) {
 *     ctx.logger.info(new TextDecoder().decode(data).toUpperCase())
 *   }
 *   close() {}
 * }
 */
export interface Sink extends SinkLife {
  readonly accepts?: 'bytes'
  /** @param data what format, dataTemplate, sendSingle and fields make of an emission: by default a JSON array of its rows */
  collect(ctx: SinkContext, data: Uint8Array): void | Promise<void>
}

/**
 * A sink that takes rows as they are. The array and its rows are copies and belong to the sink. Without `sendSingle` it is
 * empty for a tumbling or hopping window in which no row came.
 */
export interface RowSink extends SinkLife {
  readonly accepts: 'rows'
  collect(ctx: SinkContext, rows: Row[]): void | Promise<void>
}
