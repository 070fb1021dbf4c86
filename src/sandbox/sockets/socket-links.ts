import type { HostFacades } from '../facade-port.ts'
import { SocketLink, type SocketListener } from './socket-link.ts'

/** All connections of one package: hands what the host says to the one that it is about. */
export class SocketLinks {
  readonly #port: HostFacades
  readonly #links = new Map<number, SocketLink>()
  #lastId = 0

  constructor(port: HostFacades) {
    this.#port = port
    const to =
      (step: (link: SocketLink, detail: unknown) => void) => (id: unknown, more: unknown) => {
        const link = this.#links.get(id as number)
        if (link !== undefined) step(link, more)
      }
    port.on(
      'socket.data',
      to((link, buffer) => link.received(buffer as ArrayBuffer)),
    )
    port.on(
      'socket.room',
      to((link, bytes) => link.room(bytes as number)),
    )
    port.on(
      'socket.peerEnd',
      to((link) => link.peerEnded()),
    )
    port.on(
      'socket.ended',
      to((link) => link.wasEnded()),
    )
    port.on(
      'socket.switched',
      to((link) => link.switched()),
    )
    port.on(
      'socket.closed',
      to((link, error) => link.gone(errorOf(error))),
    )
    port.onClosed(() => {
      for (const link of [...this.#links.values()]) link.gone(undefined)
    })
  }

  make(listener: SocketListener): SocketLink {
    const id = ++this.#lastId
    const link = new SocketLink(this.#port, id, listener, () => this.#links.delete(id))
    this.#links.set(id, link)
    return link
  }
}

function errorOf(plain: unknown): Error | undefined {
  if (plain === undefined) return undefined
  const { code, message } = plain as { readonly code: string; readonly message: string }
  return Object.assign(new Error(message), { code })
}
