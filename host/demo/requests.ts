import type { Interruption } from './interruption.ts'

/** The demo talks to the server as anyone else would: over REST. */
export class Requests {
  readonly #url: string
  readonly #interruption: Interruption

  constructor(url: string, interruption: Interruption) {
    this.#url = url
    this.#interruption = interruption
  }

  /** @throws Error with the server's message */
  async send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.#url + path, {
      method,
      signal: this.#interruption.signal,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text
  }
}
