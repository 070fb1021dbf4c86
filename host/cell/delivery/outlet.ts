import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connectors/connector.ts'
import { PayloadError } from '../connectors/payload-error.ts'
import { within } from '../rule/deadline.ts'

/** What became of one attempt. Payloads before `done` are through; `count` of those behind it are what the error is about. */
export type Outcome =
  | { readonly result: 'sent' }
  | {
      readonly result: 'passing' | 'refused'
      readonly done: number
      readonly count: number
      readonly error: Error
    }

const CLOSE_MS = 5000
const FIRST_REOPEN_MS = 1000
const LAST_REOPEN_MS = 30_000

/** A sink's connector as one action uses it: opened within a deadline, asked to send, closed. */
export class Outlet {
  readonly #connector: SinkConnector
  readonly #context: ConnectorContext
  readonly #openTimeoutMs: number
  #trouble = ''
  #isOpen = false
  #opened = Promise.withResolvers<void>()
  #reopen: NodeJS.Timeout | undefined

  constructor(connector: SinkConnector, context: ConnectorContext, openTimeoutMs: number) {
    this.#connector = connector
    this.#context = context
    this.#openTimeoutMs = openTimeoutMs
    context.signal.addEventListener('abort', () => this.#opened.resolve(), { once: true })
  }

  /** Why it does not send yet; '' when there is nothing to say. */
  get trouble(): string {
    return this.#trouble
  }

  /**
   * Resolves when it is open, or when that takes too long: then it is tried again until it is. Rejects when the connector
   * says that it never will be.
   */
  async open(waitMs = FIRST_REOPEN_MS): Promise<void> {
    const { name, logger, signal } = this.#context
    let isLate = false
    const opening = this.#connector.open(this.#context)
    opening.then(
      () => this.#ready(),
      (error: unknown) => isLate && logger.warn(`sink "${name}": open failed: ${textOf(error)}`),
    )
    try {
      await within(opening, this.#openTimeoutMs, `opening sink "${name}"`)
    } catch (error) {
      if (!isDeadline(error)) throw error
      isLate = true
      this.#trouble = `sink "${name}" does not open: ${error.message}; it is tried again`
      this.#context.connection('disconnected', this.#trouble)
      logger.warn(this.#trouble)
      if (!signal.aborted) this.#openLater(waitMs)
    }
  }

  /** Resolves when there is someone to send to, or never will be. */
  ready(): Promise<void> {
    return this.#opened.promise
  }

  async attempt(chunk: PayloadChunk): Promise<Outcome> {
    try {
      await this.#connector.collect(chunk)
      return { result: 'sent' }
    } catch (error) {
      const own = error instanceof PayloadError
      const done = own ? Math.min(Math.max(0, error.index), chunk.count - 1) : 0
      const result = isPassing(error) ? 'passing' : 'refused'
      const count = own ? 1 : chunk.count
      return { result, done, count, error: error instanceof Error ? error : Error(String(error)) }
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#reopen)
    const { name, logger } = this.#context
    await within(this.#connector.close(), CLOSE_MS, `closing sink "${name}"`).catch(
      (error: Error) => logger.warn(error.message),
    )
  }

  #openLater(waitMs: number): void {
    this.#reopen = setTimeout(() => {
      if (this.#isOpen || this.#context.signal.aborted) return
      const next = Math.min(waitMs * 2, LAST_REOPEN_MS)
      this.open(next).catch((error: unknown) => {
        this.#trouble = `sink "${this.#context.name}" does not open: ${textOf(error)}; it is tried again`
        this.#context.connection('disconnected', this.#trouble)
        this.#openLater(next)
      })
    }, waitMs)
  }

  #ready(): void {
    this.#isOpen = true
    this.#trouble = ''
    this.#opened.resolve()
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'not-connected' || error.code === 'retryable'
}

function isDeadline(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'deadline'
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
