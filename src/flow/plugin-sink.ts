import type { Row } from '@plutino/sdk'

/**
 * A sink of a plugin, as a flow sees it: it takes emissions and delivers them in its own time. The worker stands behind
 * it: calls the plugin's `collect` for one emission at a time, retries, and tells the host what was delivered.
 */
export interface PluginSink {
  readonly accepts: 'bytes' | 'rows'
  /** Takes a payload; it belongs to the sink. Only called where `accepts` is `bytes`. */
  takeBytes(payload: Uint8Array, sequence: number): void
  /** Takes an emission; the array and its rows are copies. Only called where `accepts` is `rows`. */
  takeRows(rows: Row[], sequence: number): void
  /** Pending while its queue is full: the flow takes no further rows until then. `undefined`: there is room. */
  room(): Promise<void> | undefined
}
