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
