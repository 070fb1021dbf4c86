import type { Template } from '#src/template/template.ts'

/** What waits for how many rows, and for how long, before it is sent. 0: that does not matter. */
export interface BatchOptions {
  readonly size: number
  readonly lingerMs: number
}

export interface CompressionOptions {
  readonly algorithm: 'zlib' | 'gzip' | 'flate' | 'zstd'
  readonly level?: number | undefined
}

export interface DynamicProperty {
  /** `topic`, `headers.X-Id` */
  readonly name: string
  readonly template: Template
}

/** A sink of a plugin for what another sink, or the rule, will never take. What it is sent comes from the host. */
export interface DeadLetterPlan {
  /** The number of the action; `undefined`: tuples that kill the rule's worker. */
  readonly action: number | undefined
  readonly plugin: number
  /** What its `configure` gets. */
  readonly props: Readonly<Record<string, unknown>>
}
