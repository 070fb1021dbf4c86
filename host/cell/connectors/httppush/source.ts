import type { ConnectorContext, SourceConnector, SourceWriter, TupleExtra } from '../connector.ts'
import { Properties } from '../properties.ts'
import { KnownRequests } from './known-requests.ts'
import type { PushAnswer, PushRequest, PushServers } from './server.ts'

interface Bounds {
  readonly start: number
  readonly end: number
}

const METHODS = ['POST', 'PUT'] as const
const ROOM_MS = 5000

/**
 * Takes what is sent to a path by HTTP. DATASOURCE is the path. A request is answered with 200 when its tuples are in the
 * buffer, or safe where there is a spool; with 429 when there is no room, and then nothing more of it was taken. A request
 * with an idempotency key is taken once, however often it comes, also after the end of this process.
 */
export class HttpPushSource implements SourceConnector {
  readonly #servers: PushServers
  #path = '/'
  #method = 'POST'
  #ip = '127.0.0.1'
  #port = 10_081
  #bodyLimit = 0
  #leave: (() => Promise<void>) | undefined
  #extra: TupleExtra = {}
  #isClosed = false
  /** A request whose first tuples are in waits for room. */
  #isWaiting = false
  /** Requests with a key, not answered yet. */
  readonly #underWay = new Map<string, Promise<PushAnswer>>()
  #known: KnownRequests | undefined

  constructor(servers: PushServers) {
    this.#servers = servers
  }

  configure(datasource: string, props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('source "httppush"', props)
    if (!/^\/?[^\s?#]+$/.test(datasource)) {
      read.refuse('DATASOURCE', `must be a path such as /api/data, not "${datasource}"`)
    }
    this.#path = datasource.startsWith('/') ? datasource : `/${datasource}`
    const method = read.choice('method', 'post', ['post', 'put'])
    this.#method = METHODS[method === 'post' ? 0 : 1]
    this.#ip = read.text('httpServerIp', '127.0.0.1')
    this.#port = read.integer('httpServerPort', 10_081, 1, 65_535)
    this.#bodyLimit = read.integer('bodyLimit', 1_048_576, 1)
  }

  async open(context: ConnectorContext, writer: SourceWriter): Promise<void> {
    this.#known = new KnownRequests(writer.ledger, context.clock.now)
    this.#extra = { metaReference: writer.meta({ path: this.#path }) }
    this.#leave = await this.#servers.serve(this.#ip, this.#port, {
      method: this.#method,
      path: this.#path,
      bodyLimit: this.#bodyLimit,
      owner: JSON.stringify([context.tenant, context.ruleId, context.name]),
      isDurable: writer.whenDurable !== undefined,
      take: (request) => this.#once(writer, request),
      follow: (request) => this.#follow(writer, request),
    })
    context.connection('connected')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#leave?.()
  }

  /** The same request may come again before the first one is answered. */
  async #once(writer: SourceWriter, request: PushRequest): Promise<PushAnswer> {
    const { idempotencyKey: key } = request
    if (key === undefined) return this.#take(writer, request)
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return underWay
    const answer = this.#take(writer, request)
    this.#underWay.set(key, answer)
    return answer.finally(() => this.#underWay.delete(key))
  }

  async #take(writer: SourceWriter, request: PushRequest): Promise<PushAnswer> {
    const { body, idempotencyKey: key } = request
    const bounds = boundsOf(request)
    if (body.length === 0 || bounds.length === 0) return { status: 400, text: 'the body is empty' }
    const taken = key === undefined ? 0 : (this.#known?.taken(key) ?? 0)
    const answer = { status: 200, text: `${bounds.length} taken` }
    if (taken >= bounds.length) return answer
    if (this.#isWaiting || writer.room < bounds.length - taken) return full(writer)
    if (key !== undefined) this.#known?.begin(key, bounds.length)
    const written = await this.#write(writer, body, bounds.slice(taken))
    if (key !== undefined && taken + written < bounds.length) {
      this.#known?.broke(key, taken + written)
    }
    writer.ring()
    if (written === 0) return full(writer)
    // The first tuples of it are in: the client is told nothing, since it may not be told that all are or that none is.
    if (taken + written < bounds.length) throw new Error('no room for all of it')
    const { promise, resolve } = Promise.withResolvers<void>()
    if (writer.whenDurable === undefined) resolve()
    else writer.whenDurable(resolve)
    await promise
    return answer
  }

  #follow(writer: SourceWriter, request: PushRequest): void {
    const { body, idempotencyKey: key } = request
    const bounds = boundsOf(request)
    const taken = key === undefined ? 0 : (this.#known?.taken(key) ?? 0)
    if (this.#isClosed || taken >= bounds.length) return
    if (key !== undefined) this.#known?.begin(key, bounds.length)
    for (const { start, end } of bounds.slice(taken)) {
      if (!writer.write(body, start, end, this.#extra)) writer.drop(body, start, end, this.#extra)
    }
    writer.ring()
  }

  /** One request at a time waits for room, so that the tuples of each stand together. @returns how many were written */
  async #write(writer: SourceWriter, body: Buffer, bounds: readonly Bounds[]): Promise<number> {
    for (const [index, { start, end }] of bounds.entries()) {
      while (!writer.write(body, start, end, this.#extra)) {
        if (index === 0 || this.#isClosed) return index
        this.#isWaiting = true
        const hasRoom = await roomIn(writer)
        this.#isWaiting = false
        if (!hasRoom) return index
      }
    }
    return bounds.length
  }
}

function full(writer: SourceWriter): PushAnswer {
  writer.wantRoom()
  return {
    status: 429,
    text: 'there is no room: the rules that read this stream are behind',
    headers: { 'retry-after': '1' },
  }
}

function boundsOf({ body, contentType }: PushRequest): Bounds[] {
  const isLines = /ndjson|jsonl|json-lines/i.test(contentType)
  return isLines ? linesOf(body) : [{ start: 0, end: body.length }]
}

/** Lines that are not empty. */
function linesOf(body: Buffer): Bounds[] {
  const lines: Bounds[] = []
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(10, start)
    const next = feed < 0 ? body.length : feed
    const end = next > start && body[next - 1] === 13 ? next - 1 : next
    if (end > start) lines.push({ start, end })
    start = next + 1
  }
  return lines
}

async function roomIn(writer: SourceWriter): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), ROOM_MS)
    writer.onRoom(() => {
      clearTimeout(late)
      resolve(true)
    })
  })
}
