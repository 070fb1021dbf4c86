import type { ConnectorContext, SourceConnector, SourceWriter, TupleExtra } from '../connector.ts'
import { Properties } from '../properties.ts'
import { KnownRequests } from './known-requests.ts'
import type { Bounds, PushRequest } from './request.ts'
import type { PushAnswer, PushServers } from './server.ts'

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
      tenant: context.tenant,
      isDurable: writer.whenDurable !== undefined,
      refusal: (request) => this.#refusal(writer, request),
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

  #refusal(writer: SourceWriter, request: PushRequest): PushAnswer | undefined {
    const { tuples, idempotencyKey: key } = request
    if (key !== undefined && this.#underWay.has(key)) return undefined
    const missing = tuples.length - this.#takenOf(request)
    if (missing <= 0 || (!this.#isWaiting && writer.room >= missing)) return undefined
    return full(writer)
  }

  /** How many tuples of the request are in already. */
  #takenOf({ idempotencyKey: key }: PushRequest): number {
    return key === undefined ? 0 : (this.#known?.taken(key) ?? 0)
  }

  async #take(writer: SourceWriter, request: PushRequest): Promise<PushAnswer> {
    const { body, tuples, idempotencyKey: key } = request
    const taken = this.#takenOf(request)
    const answer = { status: 200, text: `${tuples.length} taken` }
    if (taken >= tuples.length) return answer
    if (key !== undefined) this.#known?.begin(key, tuples.length)
    const written = await this.#write(writer, body, tuples.slice(taken))
    if (key !== undefined && taken + written < tuples.length) {
      this.#known?.broke(key, taken + written)
    }
    writer.ring()
    if (written === 0) return full(writer)
    // The first tuples of it are in: the client is told nothing, since it may not be told that all are or that none is.
    if (taken + written < tuples.length) throw new Error('no room for all of it')
    const { promise, resolve } = Promise.withResolvers<void>()
    if (writer.whenDurable === undefined) resolve()
    else writer.whenDurable(resolve)
    await promise
    return answer
  }

  #follow(writer: SourceWriter, request: PushRequest): void {
    const { body, tuples, idempotencyKey: key } = request
    const taken = this.#takenOf(request)
    if (this.#isClosed || taken >= tuples.length) return
    if (key !== undefined) this.#known?.begin(key, tuples.length)
    for (const { start, end } of tuples.slice(taken)) {
      if (!writer.write(body, start, end, this.#extra)) writer.drop(body, start, end, this.#extra)
    }
    writer.ring()
  }

  /** One request at a time waits for room, so that the tuples of each stand together. @returns how many were written */
  async #write(writer: SourceWriter, body: Buffer, tuples: readonly Bounds[]): Promise<number> {
    for (const [index, { start, end }] of tuples.entries()) {
      while (!writer.write(body, start, end, this.#extra)) {
        if (index === 0 || this.#isClosed) return index
        this.#isWaiting = true
        const hasRoom = await roomIn(writer)
        this.#isWaiting = false
        if (!hasRoom) return index
      }
    }
    return tuples.length
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

async function roomIn(writer: SourceWriter): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), ROOM_MS)
    writer.onRoom(() => {
      clearTimeout(late)
      resolve(true)
    })
  })
}
