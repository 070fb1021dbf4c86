import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { CellError } from '../../cell.ts'
import { type PushRequest, readRequest } from './request.ts'

export interface PushAnswer {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A source that is pushed to. */
export interface PushRoute {
  readonly method: string
  readonly path: string
  readonly bodyLimit: number
  readonly tenant: string
  /** What it takes is safe. */
  readonly isDurable: boolean
  /** Why it cannot take a request now; nothing of it is taken by then. */
  refusal(request: PushRequest): PushAnswer | undefined
  /** Writes what fits before it returns for the first time, so that nothing comes between `refusal` and this. */
  take(request: PushRequest): Promise<PushAnswer>
  /** Takes a request that cannot be refused any more: what there is no room for is dropped. */
  follow(request: PushRequest): void
}

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
    if (others.some(({ tenant }) => tenant !== route.tenant)) {
      throw failed(`path ${route.path} of ${address} belongs to another tenant`)
    }
    routes.set(route.path, [...others, route])
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
      server.on('error', reject)
      server.listen(port, ip, resolve)
    })
    ready.catch(() => {})
    const listening = { server, ready, routes }
    this.#servers.set(`${ip}:${port}`, listening)
    return listening
  }
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
  const onPath = () => routes.get(path) ?? []
  const allowed = new Set(onPath().map(({ method }) => method))
  if (allowed.size === 0) return { status: 404, text: `no stream is pushed to at ${path}` }
  if (!allowed.has(request.method ?? '')) {
    const methods = [...allowed].join(', ')
    return { status: 405, text: `${path} takes ${methods}`, headers: { allow: methods } }
  }
  const ofMethod = () => onPath().filter(({ method }) => method === request.method)
  const limit = Math.min(...ofMethod().map(({ bodyLimit }) => bodyLimit))
  const pushed = await readRequest(request, limit)
  if (pushed === undefined) {
    const text = `a body may have ${limit} bytes; send less at once or set bodyLimit`
    return { status: 413, text, headers: { connection: 'close' } }
  }
  if (pushed.tuples.length === 0) return { status: 400, text: 'the body is empty' }
  return deliver(ofMethod(), pushed)
}

/**
 * Gives a request to all sources of a path. Those that have to be safe take it all or none does, since what is refused
 * comes again; where no source is safe it is enough that one has room. The others drop what they have no room for.
 */
async function deliver(routes: readonly PushRoute[], request: PushRequest): Promise<PushAnswer> {
  const safe = routes.filter(({ isDurable }) => isDurable)
  const deciding = safe.length > 0 ? safe : routes
  const refusals = deciding.map((route) => route.refusal(request))
  const taking = deciding.filter((_, i) => refusals[i] === undefined)
  const refusal = refusals.find((each) => each !== undefined)
  if (refusal !== undefined && (safe.length > 0 || taking.length === 0)) return refusal
  const answers = taking.map((route) => route.take(request))
  for (const route of routes) if (!taking.includes(route)) route.follow(request)
  const [first, ...rest] = await Promise.all(answers)
  if (first === undefined) return { status: 404, text: 'the stream is not read any more' }
  // Some have it and some have not: the client is told nothing, as when all are killed.
  if (rest.some(({ status }) => status !== first.status)) throw new Error('taken by some only')
  return first
}

function failed(text: string): CellError {
  return new CellError('open-failed', `source "httppush": ${text}`)
}
