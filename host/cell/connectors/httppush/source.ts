import type { ConnectorContext, SourceConnector, SourceWriter, TupleExtra } from '../connector.ts'
import { Properties } from '../properties.ts'
import type { PushAnswer, PushRequest, PushServers } from './server.ts'

const METHODS = ['POST', 'PUT'] as const
/** Requests with a key whose answer is remembered, at most. */
const KNOWN_KEYS = 10_000
const ROOM_MS = 5000

/**
 * Takes what is sent to a path by HTTP. DATASOURCE is the path. A request is answered with 200 when its tuples are in the
 * buffer, or safe where there is a spool; with 429 when there is no room, and then nothing of it was taken.
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
  /** Answers to requests with a key: the same request is not taken twice. */
  readonly #answers = new Map<string, Promise<PushAnswer>>()

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
    this.#extra = { metaReference: writer.meta({ path: this.#path }) }
    this.#leave = await this.#servers.serve(this.#ip, this.#port, {
      method: this.#method,
      path: this.#path,
      bodyLimit: this.#bodyLimit,
      take: (request) => this.#once(writer, request),
    })
    context.connection('connected')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#leave?.()
  }

  async #once(writer: SourceWriter, request: PushRequest): Promise<PushAnswer> {
    const { idempotencyKey: key } = request
    if (key === undefined) return this.#take(writer, request)
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = this.#take(writer, request)
    this.#answers.set(key, answer)
    const isKept = await answer.then(
      ({ status }) => status === 200,
      () => false,
    )
    if (!isKept) this.#answers.delete(key)
    const oldest = this.#answers.size > KNOWN_KEYS ? this.#answers.keys().next() : undefined
    if (oldest?.done === false) this.#answers.delete(oldest.value)
    return answer
  }

  async #take(writer: SourceWriter, { body, contentType }: PushRequest): Promise<PushAnswer> {
    const isLines = /ndjson|jsonl|json-lines/i.test(contentType)
    const bounds = isLines ? linesOf(body) : [{ start: 0, end: body.length }]
    if (body.length === 0 || bounds.length === 0) return { status: 400, text: 'the body is empty' }
    if (writer.room < bounds.length) return full(writer)
    for (const { start, end } of bounds) {
      while (!writer.write(body, start, end, this.#extra)) {
        // The first tuples of it are in: it is taken as a whole or the client is told nothing.
        if (start === bounds[0]?.start) return full(writer)
        if (this.#isClosed || !(await roomIn(writer))) throw new Error('no room for all of it')
      }
    }
    writer.ring()
    const { promise, resolve } = Promise.withResolvers<void>()
    if (writer.whenDurable === undefined) resolve()
    else writer.whenDurable(resolve)
    await promise
    return { status: 200, text: `${bounds.length} taken` }
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

/** Lines that are not empty. */
function linesOf(body: Buffer): { readonly start: number; readonly end: number }[] {
  const lines: { readonly start: number; readonly end: number }[] = []
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
