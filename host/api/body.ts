import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HostError, textOf } from '#host/errors.ts'

/** What clients of Kuiper send with a JSON body: the right type, none, or what curl says when it is told nothing. */
const accepted = new Set([
  '',
  'application/json',
  'text/json',
  'text/plain',
  'application/x-www-form-urlencoded',
])

/** Bodies are JSON, whatever their type is called; anything that cannot be is answered with 415. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    try {
      done(null, parseBody(request, String(body)))
    } catch (error) {
      done(error instanceof Error ? error : new Error(textOf(error)), undefined)
    }
  })
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (request.routeOptions.config.isBinary === true) done(null, body)
      else done(notUnderstood('application/octet-stream'), undefined)
    },
  )
  app.addHook('preValidation', async (request) => {
    const { schema, config } = request.routeOptions
    if (
      schema?.body !== undefined &&
      request.body === undefined &&
      config.isBodyOptional !== true
    ) {
      throw new HostError('bad-json', 'the body is empty; it must be JSON')
    }
  })
}

function parseBody(request: FastifyRequest, text: string): unknown {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!accepted.has(type)) throw notUnderstood(type)
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new HostError('bad-json', `the body is no JSON: ${textOf(error)}`, { cause: error })
  }
}

function notUnderstood(type: string): Error {
  const error = new Error(`content type "${type}" is not understood; send application/json`)
  return Object.assign(error, { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 })
}
