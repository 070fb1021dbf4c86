import type { LookupSource, PluginContext } from '@plutino/sdk'
import type { Row } from '#src/operators/operator.ts'
import { cleanError } from './clean-error.ts'
import { BorderError, copyLimits, copyValue } from './copy.ts'
import { deadlines, within } from './deadline.ts'
import type { RealTimers } from './timers.ts'

export interface LookupOptions {
  /** Names the table in errors. */
  readonly title: string
  readonly instance: object
  readonly datasource: string
  readonly props: Readonly<Record<string, unknown>>
  readonly timers: RealTimers
  readonly context: PluginContext
}

type Keys = readonly (readonly unknown[])[]

/** A table that is not there is asked again after so long, ms; then the rows that asked fail. */
const PAUSES_MS = [100, 200, 400, 800, 1600] as const

/** One instance of a plugin's lookup table, from `configure` to `close`. What crosses is copied, both ways. */
export class PluginLookup {
  readonly #options: LookupOptions
  readonly #table: LookupSource
  #isClosed = false

  constructor(options: LookupOptions) {
    this.#options = options
    this.#table = options.instance as LookupSource
  }

  async open(): Promise<void> {
    const { title, timers, datasource, context } = this.#options
    const props = copyValue(this.#options.props, 'props') as Record<string, unknown>
    await within(deadlines.configure, `configure of ${title}`, timers, () =>
      this.#table.configure(datasource, props),
    )
    await within(deadlines.open, `open of ${title}`, timers, () => this.#table.open(context))
  }

  /** @throws Error that names the table: of the rows that asked */
  async lookup(columns: readonly string[], keys: Keys): Promise<readonly (readonly Row[])[]> {
    for (const pause of PAUSES_MS) {
      try {
        return await this.#ask(columns, keys)
      } catch (error) {
        const { code } = cleanError(error)
        const mayBeLater = code === 'not-connected' || code === 'retryable'
        if (!mayBeLater || this.#isClosed) throw this.#named(error)
        await this.#wait(pause)
      }
    }
    return this.#ask(columns, keys).catch((error: unknown) => {
      throw this.#named(error)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const { title, timers, context } = this.#options
    await within(deadlines.close, `close of ${title}`, timers, () => this.#table.close(context))
  }

  async #ask(columns: readonly string[], keys: Keys): Promise<readonly (readonly Row[])[]> {
    const { title, timers, context } = this.#options
    let answer: unknown
    await within(deadlines.call, `lookup of ${title}`, timers, async () => {
      const asked = copyValue(keys, 'keys') as unknown[][]
      answer = await this.#table.lookup([...columns], asked, context)
    })
    const rows = copyValue(answer, 'rows', copyLimits)
    if (isAnswer(rows, keys.length)) return rows
    throw new BorderError(`lookup gives for each of ${keys.length} keys an array of rows`)
  }

  #named(error: unknown): Error {
    const { code, message } = cleanError(error)
    const { title } = this.#options
    const text = message.includes(title) ? message : `${title}: ${message}`
    return Object.assign(new Error(text), { code })
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.timers.setTimeout(resolve, ms)
    })
  }
}

function isAnswer(value: unknown, keys: number): value is Row[][] {
  const isRow = (row: unknown) =>
    typeof row === 'object' &&
    row !== null &&
    !Array.isArray(row) &&
    !(row instanceof Uint8Array) &&
    !(row instanceof Date)
  return (
    Array.isArray(value) &&
    value.length === keys &&
    value.every((rows) => Array.isArray(rows) && rows.every(isRow))
  )
}
