import { isIP, isIPv4, isIPv6 } from './net-addresses.js'
import { denied, deniedClass } from './net-denied.js'
import { readArguments, Socket } from './net-socket.js'

export { isIP, isIPv4, isIPv6, Socket, Socket as Stream }

/** `node:net` of a sandboxed plugin: connections to what it was granted, nothing that listens. */
export function connect(...given) {
  const { options } = readArguments(given)
  return new Socket(options).connect(...given)
}

export { connect as createConnection }

export const Server = deniedClass('listening on a port')
export const BlockList = deniedClass('lists of addresses')
export const SocketAddress = deniedClass('addresses of sockets')

export function createServer() {
  throw denied('listening on a port')
}

export function getDefaultAutoSelectFamily() {
  return true
}

export function setDefaultAutoSelectFamily() {}

export function getDefaultAutoSelectFamilyAttemptTimeout() {
  return 250
}

export function setDefaultAutoSelectFamilyAttemptTimeout() {}

export default {
  Socket,
  Stream: Socket,
  Server,
  BlockList,
  SocketAddress,
  connect,
  createConnection: connect,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout,
}
