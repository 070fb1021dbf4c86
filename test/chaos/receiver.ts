import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Line } from './shapes.ts'

/** An HTTP server as a sink's other end: it can be down, and it minds idempotency keys. */
export class Receiver {
  /** How it behaves: takes rows, answers 500, or ends the connection without a word. */
  mode: 'well' | 'fails' | 'refuses' = 'well'
  readonly #outputs = new Map<string, Line[]>()
  readonly #keys = new Set<string>()
  readonly #sockets = new Set<Socket>()
  readonly #server = http.createServer((request, response) => this.#take(request, response))
  #port = 0
  /** Requests whose key it had already. */
  repeated = 0

  async start(): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      if (this.mode === 'refuses') socket.destroy()
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  urlOf(name: string): string {
    return `http://127.0.0.1:${this.#port}/${name}`
  }

  linesOf(name: string): readonly Line[] {
    return this.#outputs.get(`/${name}`) ?? []
  }

  refuse(): void {
    this.mode = 'refuses'
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      if (this.mode !== 'well') {
        response.writeHead(500).end('it is down')
        return
      }
      const url = request.url ?? ''
      const key = request.headers['idempotency-key']
      const name = `${url} ${String(key)}`
      if (key !== undefined && this.#keys.has(name)) this.repeated++
      else this.#keep(url, JSON.parse(Buffer.concat(parts).toString()))
      this.#keys.add(name)
      response.end()
    })
  }

  #keep(url: string, body: Line | readonly Line[]): void {
    const lines = this.#outputs.get(url) ?? []
    this.#outputs.set(url, lines)
    lines.push(...(Array.isArray(body) ? body : [body]))
  }
}
