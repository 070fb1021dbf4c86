import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { CellError } from '../../cell.ts'

export interface PushAnswer {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface PushRequest {
  readonly body: Buffer
  readonly contentType: string
  readonly idempotencyKey: string | undefined
}

export interface PushRoute {
  readonly method: string
  readonly path: string
  readonly bodyLimit: number
  /** Whose stream it is: a path belongs to one stream. */
  readonly owner: string
  /** What it takes is safe. A stream may have one source of which that is so, and one of which it is not. */
  readonly isDurable: boolean
  take(request: PushRequest): Promise<PushAnswer>
  /** What the other source of the stream has taken: it cannot be refused any more, what there is no room for is dropped. */
  follow(request: PushRequest): void
}

/** By path: the source that answers, and one that follows it. */
type Routes = Map<string, readonly PushRoute[]>

interface Listening {
  readonly server: Server
  readonly ready: Promise<void>
  readonly routes: Routes
}

/** The HTTP servers of a cell, one for each address: all sources that are pushed to at an address share it. */
export class PushServers {
  readonly #servers = new Map<string, Listening>()

  /**
   * Serves a path. @returns ends it, and the server with its last path
   *
   * @throws CellError `open-failed` when the address or the path is taken
   */
  async serve(ip: string, port: number, route: PushRoute): Promise<() => Promise<void>> {
    const address = `${ip}:${port}`
    const listening = this.#servers.get(address) ?? this.#listen(ip, port)
    const { routes, server, ready } = listening
    const others = routes.get(route.path) ?? []
    if (others.some((other) => !canShare(other, route))) {
      throw failed(`path ${route.path} of ${address} is taken by another source`)
    }
    // The one that has to be safe answers: what it refuses comes again, and then nobody may have it.
    routes.set(route.path, route.isDurable ? [route, ...others] : [...others, route])
    const leave = async () => {
      const rest = routes.get(route.path)?.filter((other) => other !== route) ?? []
      if (rest.length > 0) routes.set(route.path, rest)
      else routes.delete(route.path)
      if (routes.size > 0 || this.#servers.get(address) !== listening) return
      this.#servers.delete(address)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 500).unref()
      await closed
    }
    try {
      await ready
    } catch (error) {
      await leave()
      throw failed(`${address} cannot be listened on: ${(error as Error).message}`)
    }
    return leave
  }

  #listen(ip: string, port: number): Listening {
    const routes: Routes = new Map()
    const server = createServer((request, response) => void answer(routes, request, response))
    const ready = new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, ip, resolve)
    })
    ready.catch(() => {})
    const listening = { server, ready, routes }
    this.#servers.set(`${ip}:${port}`, listening)
    return listening
  }
}

function canShare(one: PushRoute, other: PushRoute): boolean {
  return one.owner === other.owner && one.isDurable !== other.isDurable
}

async function answer(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { status, text, headers } = await answerOf(routes, request)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(status < 300 ? { result: text } : { message: text }))
  } catch {
    // The client has gone, or sends what is no HTTP: it cannot be told anything.
    response.destroy()
  }
}

async function answerOf(routes: Routes, request: IncomingMessage): Promise<PushAnswer> {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  const [route] = routes.get(path) ?? []
  if (route === undefined) return { status: 404, text: `no stream is pushed to at ${path}` }
  if (request.method !== route.method) {
    const headers = { allow: route.method }
    return { status: 405, text: `${path} takes ${route.method}`, headers }
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > route.bodyLimit) {
      const text = `a body may have ${route.bodyLimit} bytes; send less at once or set bodyLimit`
      return { status: 413, text, headers: { connection: 'close' } }
    }
    parts.push(part)
  }
  const key = request.headers['idempotency-key']
  const pushed = {
    body: Buffer.concat(parts),
    contentType: request.headers['content-type'] ?? '',
    idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
  }
  const answered = await route.take(pushed)
  if (answered.status < 300) {
    for (const other of routes.get(path) ?? [])
      if (!other.isDurable && other !== route) other.follow(pushed)
  }
  return answered
}

function failed(text: string): CellError {
  return new CellError('open-failed', `source "httppush": ${text}`)
}
