/** What is known of an object before it is opened. */
export interface ObjectContext {
  readonly storageKey?: unknown
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly startOffset?: bigint | undefined
}
