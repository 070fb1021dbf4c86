import { Agent, clientOf } from './http-client.js'
import { denied, deniedClass } from './net-denied.js'

export { Agent }

export const { request, get } = clientOf('https:')
export const globalAgent = new Agent({ keepAlive: true })
export const Server = deniedClass('listening on a port')

export function createServer() {
  throw denied('listening on a port')
}

export default { Agent, request, get, globalAgent, Server, createServer }
