/** What options of a rule say to its flow as a whole. */
export interface FlowSettings {
  readonly isEventTime: boolean
  readonly lateToleranceMs: number
  readonly sendNilField: boolean
  readonly sendError: boolean
  readonly debug: boolean
  /** IANA name. */
  readonly timeZone: string
  /** In event time: a source that says nothing for so long (arrival time) holds up no other; 0: never. @default 0 */
  readonly idleTimeoutMs?: number | undefined
  /** In event time: how far ahead of its arrival a row may be, else it is a row error; 0: any. @default 0 */
  readonly maxDriftMs?: number | undefined
  /** Analytic functions forget a partition that had no row for so long; 0: never. @default 0 */
  readonly analyticExpiryMs?: number | undefined
}
