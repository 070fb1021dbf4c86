/** What the lookup thread is asked: plain data, as it crosses to the thread and back. */

export interface SqliteTable {
  readonly kind: 'sqlite'
  /** Of the database, which is only read. */
  readonly path: string
  /** A table or view in it. */
  readonly table: string
  /** Columns that are wanted; `undefined`: all. One that the table does not have is left out. */
  readonly select: readonly string[] | undefined
}

export interface HttpTable {
  readonly kind: 'http'
  /** Url, headers and body may hold `{{.column}}`, for a key. */
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly timeoutMs: number
  /** Bytes of an answer, at most. */
  readonly mostBytes: number
}

export interface TableRequest {
  readonly table: SqliteTable | HttpTable
  readonly columns: readonly string[]
  /** Each the values of the columns, in their order. */
  readonly keys: readonly (readonly unknown[])[]
}

/** For each key the rows that have it. */
export type TableRows = readonly (readonly Readonly<Record<string, unknown>>[])[]

/** Why there is no answer: whether the table was not there, whether it may be later, or neither. */
export type Trouble = 'not-connected' | 'retryable' | 'failed'

export class TableError extends Error {
  override readonly name = 'TableError'
  readonly trouble: Trouble

  constructor(trouble: Trouble, message: string, options?: ErrorOptions) {
    super(message, options)
    this.trouble = trouble
  }
}

export type ThreadQuestion = { readonly id: number } & TableRequest

export type ThreadAnswer =
  | { readonly id: number; readonly rows: TableRows }
  | { readonly id: number; readonly trouble: Trouble; readonly message: string }
