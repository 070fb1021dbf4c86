import type { MakePower } from '../power.ts'
import { webSocketClass } from '../websocket/web-socket.ts'
import { connectPlugin } from './connection.ts'
import { SocketLinks } from './socket-links.ts'
import { socketModule } from './socket-module.ts'

/** `ctx.connect`, `WebSocket`, and what Node's `net` and `tls` are made of. */
export const socketPower: MakePower = ({ port, timers, harden, failed }) => {
  const links = new SocketLinks(port)
  return {
    context: { connect: (options: unknown) => connectPlugin({ links, harden, failed }, options) },
    globals: { WebSocket: webSocketClass({ links, timers, failed }) },
    modules: { 'plutino:sockets': socketModule({ links, harden, failed }) },
  }
}
