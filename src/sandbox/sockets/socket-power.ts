import type { MakePower } from '../powers.ts'
import { connectPlugin } from './connection.ts'
import { SocketLinks } from './socket-links.ts'
import { socketModule } from './socket-module.ts'

/** `ctx.connect`, and what Node's `net` and `tls` are made of. */
export const socketPower: MakePower = ({ port, harden, failed }) => {
  const links = new SocketLinks(port)
  return {
    context: { connect: (options: unknown) => connectPlugin({ links, harden, failed }, options) },
    modules: { 'plutino:sockets': socketModule({ links, harden, failed }) },
  }
}
