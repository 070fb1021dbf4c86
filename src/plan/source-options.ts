/** Formats of payloads that can be decoded. */
export const sourceFormats = ['json', 'binary', 'delimited'] as const

export type SourceFormat = (typeof sourceFormats)[number]

/** A field of what was decoded is a payload itself. What it holds is laid over the row that has the field, which goes. */
export interface PayloadPlan {
  readonly field: string
  /** Missing: the field stands in the row. Else in the elements of this array, which together make one row. */
  readonly batchField?: string | undefined
  readonly format: SourceFormat
  readonly delimiter: string
}

/** How a lookup table is asked. */
export interface LookupPlan {
  /** The column by which it is asked, where one is declared. */
  readonly key?: string | undefined
  /** How long the worker keeps what it was told, ms; 0: for ever; `undefined`: it asks anew each time. */
  readonly cacheTtlMs?: number | undefined
  /** It keeps also that there was nothing. */
  readonly cacheMissing?: boolean | undefined
}
