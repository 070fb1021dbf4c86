import type { FastifyInstance } from 'fastify'
import { HostError } from '#host/errors.ts'

/**
 * A web page of another origin may not call the API: with bodies accepted whatever their type, any page open in the
 * operator's browser could. Clients that are no browser send no Origin.
 */
export function refuseForeignOrigins(app: FastifyInstance, allowed: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin, host } = request.headers
    if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return
    if (!allowed.includes(origin)) {
      throw new HostError(
        'not-allowed',
        `web origin ${origin} may not call this server; option rest.allowedOrigins would allow it`,
      )
    }
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'content-type',
      vary: 'origin',
    })
    if (request.method === 'OPTIONS') return reply.code(204).send()
  })
}
