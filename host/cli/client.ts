import { textOf } from '#host/errors.ts'
import { CliError, exitCodes } from './exit.ts'
import { shellText } from './shell-text.ts'

/** A server, as commands talk to it. What it refuses is a `CliError` with its message. */
export class Client {
  readonly #url: string

  constructor(url: string) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new CliError(
        exitCodes.usage,
        `--url ${url} is no address such as http://127.0.0.1:9081`,
      )
    }
    this.#url = url.replace(/\/+$/, '')
  }

  /** @returns JSON where it is, else the text */
  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#send(method, path, body)
    return parse(await response.text())
  }

  async download(path: string): Promise<Uint8Array> {
    const response = await this.#send('GET', path, undefined)
    return new Uint8Array(await response.arrayBuffer())
  }

  /** @returns JSON where it is, else the text */
  async upload(method: string, path: string, bytes: Uint8Array): Promise<unknown> {
    const response = await this.#send(method, path, bytes)
    return parse(await response.text())
  }

  /**
   * The data of server-sent events, as they come, until the server or the signal ends it.
   *
   * @returns when the server listens: what happens from then on is in it
   */
  async events(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const response = await this.#send('GET', path, undefined, signal).catch((error: unknown) => {
      if (signal.aborted) return undefined
      throw error
    })
    return this.#dataOf(response?.body, signal)
  }

  async *#dataOf(body: Response['body'] | undefined, signal: AbortSignal): AsyncGenerator<string> {
    let pending = ''
    const decoder = new TextDecoder()
    try {
      for await (const part of body ?? []) {
        pending += decoder.decode(part, { stream: true })
        const blocks = pending.split('\n\n')
        pending = blocks.pop() ?? ''
        for (const block of blocks) {
          const lines = block.split('\n').filter((line) => line.startsWith('data:'))
          if (lines.length === 0 || block.startsWith('event:')) continue
          yield lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')
        }
      }
    } catch (error) {
      if (!signal.aborted) throw this.#unreachable(error)
    }
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    signal?: AbortSignal | undefined,
  ): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(signal === undefined ? {} : { signal }),
      ...contentOf(body),
    }).catch((error: unknown) => {
      throw this.#unreachable(error)
    })
    if (response.ok) return response
    throw new CliError(exitCodes.refused, messageOf(parse(await response.text()), response))
  }

  #unreachable(error: unknown): CliError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return new CliError(
      exitCodes.unreachable,
      `no server answers at ${this.#url} (${textOf(cause) || 'no connection'}); start one with "plutino server", or name another with --url`,
    )
  }
}

/** Bytes as they are, anything else as JSON. */
function contentOf(body: unknown): RequestInit {
  if (body === undefined) return {}
  const isBytes = body instanceof Uint8Array
  const type = isBytes ? 'application/octet-stream' : 'application/json'
  return {
    body: isBytes ? Uint8Array.from(body) : JSON.stringify(body),
    headers: { 'content-type': type },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return shellText(text) // sentences
  }
}

function messageOf(body: unknown, response: Response): string {
  if (typeof body === 'object' && body !== null && 'message' in body)
    return shellText(String(body.message))
  return `${response.status} ${response.statusText}`
}
