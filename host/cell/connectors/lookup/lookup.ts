import type { ConnectorContext } from '../connector.ts'

/** A row of a lookup table: plain data. */
export type LookupRow = Readonly<Record<string, unknown>>

export interface LookupRequest {
  readonly datasource: string
  readonly props: Readonly<Record<string, unknown>>
  /** KEY of the table. */
  readonly key: string | undefined
  /** Columns that the rule reads; `undefined`: only the rows know which there are. */
  readonly select?: readonly string[] | undefined
}

/** Finds rows of a table by the values of columns, for rules that join their streams to it. */
export interface LookupConnector {
  /** @throws CellError `bad-property` naming the property */
  configure(request: LookupRequest): void
  open(context: ConnectorContext): Promise<void>
  /** For each key, the values of those columns in their order, all rows that have it. */
  lookup(
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): readonly (readonly LookupRow[])[] | Promise<readonly (readonly LookupRow[])[]>
  close(): Promise<void>
  /** The rule is no more: what is kept for it ends. After `configure`; `open` need not have been called. */
  forget?(context: Pick<ConnectorContext, 'tenant' | 'ruleId'>): void
}
