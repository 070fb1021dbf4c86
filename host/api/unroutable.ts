import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorBody } from './errors.ts'

/** Requests that reach no route are answered as all others are: JSON that says what is wrong. */
export const unroutable = { frameworkErrors: answerPath, clientErrorHandler: answerSocket }

/** The router refused the path. */
function answerPath(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, body } = pathAnswer(error.code, request.raw.url ?? '')
  reply.code(status).send(body)
}

function pathAnswer(code: string, path: string): { status: number; body: ErrorBody } {
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return {
      status: 414,
      body: problem(
        'a name in the path is too long; none has more than 200 characters',
        'too-large',
      ),
    }
  }
  const message = `the path ${shown(path)} has an escape that is no UTF-8; see /docs`
  return { status: 400, body: problem(message, 'bad-request') }
}

/** Node refused what came before there was a request. */
function answerSocket(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, message] = socketProblem(error)
  const body = JSON.stringify(problem(message, 'bad-request'))
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  socket.destroy(error)
}

type ConnectionError = Error & { readonly code?: string }

function socketProblem({ code, message }: ConnectionError): readonly [number, string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'the request did not come in time; send it again']
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'path and headers are too long; what is long goes into the body']
    default:
      return [400, `this is no HTTP request: ${message}`]
  }
}

function problem(message: string, code: string): ErrorBody {
  return { error: 1000, message, code }
}

function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path
}
