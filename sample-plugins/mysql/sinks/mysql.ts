import { NotConnected, type Sink, type SinkContext } from '@plutino/sdk'
import { type Connection, createConnection } from 'mysql2/promise'
import { type Login, readDataSourceName } from './data-source-name.ts'
import { faultOf } from './faults.ts'
import {
  type Bound,
  boundOf,
  type Insertion,
  partsOf,
  quoted,
  quotedTable,
  rowsOf,
  statementOf,
} from './insertion.ts'

interface Props {
  readonly url?: unknown
  readonly table?: unknown
  readonly column?: unknown
  readonly fields?: unknown
  readonly rowId?: unknown
}

/** A statement that takes longer is given up with its connection, and comes again. */
const STATEMENT_MS = 20_000

/**
 * Writes what a rule emits into a table: the payload as text into one column, or fields of its rows into columns of their
 * names. An emission is written whole or not at all.
 */
export class Mysql implements Sink {
  #login: Login | undefined
  #insertion: Insertion = { table: '', columns: [], rowId: undefined }
  #fields: readonly string[] | undefined
  #connection: Connection | undefined

  configure({ url, table, column = 'name', fields, rowId }: Props): void {
    if (typeof url !== 'string') throw new Error('mysql: url is missing')
    this.#login = readDataSourceName(url)
    this.#fields = fields === undefined ? undefined : (fields as string[])
    this.#insertion = {
      table: quotedTable(table),
      columns: this.#fields?.map((name) => quoted('fields', name)) ?? [quoted('column', column)],
      rowId: rowId === undefined ? undefined : quoted('rowId', rowId),
    }
  }

  /** A server that cannot be reached does not keep the rule from starting: rows wait until it can. */
  async open({ logger }: SinkContext): Promise<void> {
    try {
      this.#connection = await this.#connect()
      // The server checks the names of table and columns before the first row comes.
      await this.#connection.prepare(statementOf(this.#insertion, 1))
    } catch (error) {
      const fault = faultOf(error)
      await this.close()
      if (!(fault instanceof NotConnected)) throw withCode(fault, error)
      logger.warn(fault.message)
    }
  }

  async collect(ctx: SinkContext, data: Uint8Array): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) throw new NotConnected('mysql: there is no connection')
    const rows = this.#rowsOf(data)
    const values =
      this.#insertion.rowId === undefined
        ? rows
        : rows.map((row, index) => [`${ctx.rowId.key}-${index}`, ...row])
    ctx.logger.debug('mysql sink receives', { rows: rows.length })
    try {
      await this.#write(connection, values)
    } catch (error) {
      throw faultOf(error)
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.end().catch(() => connection.destroy())
  }

  async #connect(): Promise<Connection> {
    if (this.#login === undefined) throw new Error('mysql: it was not configured')
    const { isTls, ...login } = this.#login
    const connection = await createConnection({ ...login, ...(isTls ? { ssl: {} } : {}) })
    // What happens between two emissions is told by the next one.
    connection.on('error', () => {})
    return connection
  }

  #rowsOf(data: Uint8Array): readonly (readonly Bound[])[] {
    const text = new TextDecoder('utf-8', { fatal: this.#fields !== undefined }).decode(data)
    const fields = this.#fields
    if (fields === undefined) return [[text]]
    return rowsOf(text).map((row) => fields.map((name) => boundOf(row[name])))
  }

  async #write(connection: Connection, rows: readonly (readonly Bound[])[]): Promise<void> {
    const isOne = rows.length <= 1
    if (!isOne) await connection.beginTransaction()
    try {
      for (const part of partsOf(rows)) {
        const sql = statementOf(this.#insertion, part.length)
        await connection.execute({ sql, timeout: STATEMENT_MS }, part.flat())
      }
      if (!isOne) await connection.commit()
    } catch (error) {
      if (!isOne) await connection.rollback().catch(() => {})
      throw error
    }
  }
}

/** The host tells a power that was not granted by the code. */
function withCode(fault: Error, error: unknown): Error {
  return Object.assign(fault, { code: (error as { code?: unknown }).code })
}
