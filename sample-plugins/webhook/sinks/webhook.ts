import { pause, Retryable, type Sink, type SinkContext } from '@plutino/sdk'
import { verdictOf, waitOf } from './answers.ts'

interface Props {
  readonly url?: unknown
  readonly method?: unknown
  readonly headers?: unknown
  readonly secretHeader?: unknown
  readonly secretPrefix?: unknown
  readonly keyHeader?: unknown
  readonly timeout?: unknown
}

/** A call of `collect` has a deadline: so long it waits at once, and asks to be called again for the rest. */
const PATIENCE_MS = 5000
const MAX_SHOWN = 200

/**
 * Sends each emission as one request. What stands in it is the rule's affair: `batchSize` and `lingerInterval` gather rows,
 * `format`, `dataTemplate`, `fields` and `sendSingle` write them.
 */
export class Webhook implements Sink {
  #url = ''
  #method = 'POST'
  #keyHeader = 'idempotency-key'
  #headers: Record<string, string> = {}
  #secretHeader: string | undefined
  #secretPrefix = ''
  #timeoutMs = 10_000
  /** ms since the epoch: the service wants to be left alone until then. */
  #notBefore = 0

  configure(props: Props): void {
    const { method, headers = {}, secretHeader, secretPrefix = '', keyHeader, timeout } = props
    this.#url = addressOf(props.url)
    this.#method = String(method ?? this.#method)
    this.#keyHeader = String(keyHeader ?? this.#keyHeader)
    this.#headers = { 'content-type': 'application/json', ...lowerCased(headers as object) }
    this.#secretHeader = secretHeader === undefined ? undefined : String(secretHeader)
    this.#secretPrefix = String(secretPrefix)
    this.#timeoutMs = Number(timeout ?? this.#timeoutMs)
  }

  /** The secret is read once: a new value needs a restart of the rule. */
  async open({ secrets }: SinkContext): Promise<void> {
    if (this.#secretHeader === undefined) return
    const secret = await secrets.get('webhookToken')
    this.#headers[this.#secretHeader.toLowerCase()] = `${this.#secretPrefix}${secret}`
  }

  async collect(ctx: SinkContext, data: Uint8Array): Promise<void> {
    await this.#wait(ctx)
    const response = await this.#send(ctx, data)
    const verdict = verdictOf(response.status)
    // What is not read holds its connection.
    const text = await response.text().catch(() => '')
    if (verdict === 'taken') return
    const said = `webhook: ${response.status} ${text.slice(0, MAX_SHOWN)}`.trim()
    if (verdict === 'never') throw new Error(said)
    const now = ctx.clock.now()
    this.#notBefore = now + waitOf(response.headers.get('retry-after'), now)
    throw new Retryable(said)
  }

  close(): void {}

  async #wait({ clock, signal }: SinkContext): Promise<void> {
    const ms = this.#notBefore - clock.now()
    if (ms <= 0) return
    await pause(Math.min(ms, PATIENCE_MS), signal)
    if (ms > PATIENCE_MS) throw new Retryable('webhook: the service asked for patience')
  }

  async #send(ctx: SinkContext, body: Uint8Array) {
    const headers = { ...this.#headers, [this.#keyHeader]: ctx.rowId.key }
    try {
      return await ctx.fetch(this.#url, {
        method: this.#method,
        headers,
        body,
        timeoutMs: this.#timeoutMs,
        signal: ctx.signal,
      })
    } catch (error) {
      // Also where the origin is not granted: the rows wait for the grant.
      throw new Retryable(`webhook: ${(error as Error).message}`, { cause: error })
    }
  }
}

function addressOf(url: unknown): string {
  try {
    return new URL(String(url)).href
  } catch {
    throw new Error('webhook: url is no address such as https://hooks.example.com/rows')
  }
}

function lowerCased(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}
