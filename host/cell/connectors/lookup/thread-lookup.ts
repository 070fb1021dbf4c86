import type { ConnectorContext } from '../connector.ts'
import type { LookupConnector, LookupRequest, LookupRow } from './lookup.ts'
import type { LookupThread } from './lookup-thread.ts'
import type { TableRequest } from './table-request.ts'

type Table = TableRequest['table']

/** A lookup table that the cell's thread for them reads. */
export abstract class ThreadLookup implements LookupConnector {
  readonly #thread: LookupThread
  #table: Table | undefined
  #isOpen = false

  constructor(thread: LookupThread) {
    this.#thread = thread
  }

  configure(request: LookupRequest): void {
    this.#table = this.tableOf(request)
  }

  async open(_context: ConnectorContext): Promise<void> {
    this.#thread.acquire()
    this.#isOpen = true
  }

  lookup(
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly LookupRow[])[]> {
    return this.#thread.ask({ table: this.#table as Table, columns, keys }) // configured by now
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#thread.release()
  }

  /** @throws CellError `bad-property` naming the property */
  protected abstract tableOf(request: LookupRequest): Table
}
