import type { PluginUse } from './plan.ts'

/** What plugins bring and what is built in beside functions. Versions are chosen behind it (rule option `plugins`). */
export interface Extensions {
  plugin(kind: PluginUse['kind'], name: string): PluginExtension | undefined
  /** Whether the host has it built in. */
  isBuiltIn(kind: 'source' | 'sink', name: string): boolean
  /** Whether the host can look rows up in it: TYPE of a lookup table that is no source. @default none */
  isLookup?(type: string): boolean
  /** All names of that kind, for "did you mean". */
  names(kind: PluginUse['kind']): Iterable<string>
}

export interface PluginExtension {
  readonly use: PluginUse
  /** Of a function: it gets the rows of a group. */
  readonly isAggregate?: boolean | undefined
}
