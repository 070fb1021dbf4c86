import { Socket } from './net-socket.js'

/** A connection that the host has opened as a WebSocket: `ws://` and `wss://` grants, nothing else is asked this way. */
export class UpgradedSocket extends Socket {
  #answer = []

  constructor() {
    super({ allowHalfOpen: false })
  }

  /** Names and values in turn. */
  get answer() {
    return this.#answer
  }

  /** @internal */
  _opened(facts) {
    this.#answer = facts.websocket?.headers ?? []
    super._opened(facts)
  }
}

/** Whether a request is one for a WebSocket. @param headers names in lower case, and values */
export function wantsWebSocket(headers) {
  return String(headers.upgrade).toLowerCase() === 'websocket'
}

/** What the request would have said, to the host that says it. @param headers names in lower case, and values */
export function upgradeOf(path, headers) {
  const protocols = String(headers['sec-websocket-protocol'] ?? '')
  return {
    path,
    protocols: protocols
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    key: headers['sec-websocket-key'],
    headers: Object.entries(headers).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).flatMap((each) => [name, String(each)]),
    ),
  }
}
