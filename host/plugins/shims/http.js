import { Agent, ClientRequest, clientOf, IncomingMessage } from './http-client.js'
import { denied, deniedClass } from './net-denied.js'

export { Agent, ClientRequest, IncomingMessage }

export const { request, get } = clientOf('http:')
export const globalAgent = new Agent({ keepAlive: true })
export const maxHeaderSize = 65536
export const METHODS = 'DELETE GET HEAD OPTIONS PATCH POST PUT'.split(' ')
export const STATUS_CODES = Object.fromEntries(
  `200 OK,201 Created,202 Accepted,204 No Content,206 Partial Content,301 Moved Permanently,302 Found,303 See Other,304 Not Modified,
307 Temporary Redirect,308 Permanent Redirect,400 Bad Request,401 Unauthorized,403 Forbidden,404 Not Found,405 Method Not Allowed,
406 Not Acceptable,408 Request Timeout,409 Conflict,410 Gone,412 Precondition Failed,413 Payload Too Large,415 Unsupported Media Type,
422 Unprocessable Entity,429 Too Many Requests,500 Internal Server Error,501 Not Implemented,502 Bad Gateway,503 Service Unavailable,
504 Gateway Timeout`
    .split(',')
    .map((line) => [line.trim().slice(0, 3), line.trim().slice(4)]),
)
export const Server = deniedClass('listening on a port')
export const ServerResponse = deniedClass('listening on a port')

export function createServer() {
  throw denied('listening on a port')
}

export default {
  Agent,
  ClientRequest,
  IncomingMessage,
  request,
  get,
  globalAgent,
  maxHeaderSize,
  METHODS,
  STATUS_CODES,
  Server,
  ServerResponse,
  createServer,
}
