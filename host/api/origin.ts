import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Options } from '#host/config/options.ts'
import { HostError } from '#host/errors.ts'

/**
 * Keeps web pages from calling the API. Bodies are accepted whatever their type, so any page open in the operator's
 * browser could send one: pages of another origin are refused. And a page could have its own name point to this machine:
 * a server that only this machine reaches answers only to names that are this machine's. Clients that are no browser
 * send no Origin.
 */
export function refuseForeignOrigins(app: FastifyInstance, { basic, rest }: Options): void {
  const allowed = rest.allowedOrigins
  const allowedHosts = new Set(allowed.flatMap((origin) => hostOf(origin) ?? []))
  const isLocal = basic.restIp === 'localhost' || /^127\.|^::1$/.test(basic.restIp)
  app.addHook('onRequest', async (request, reply) => {
    const { origin, host = '' } = request.headers
    const name = hostOf(`http://${host}`)
    if (isLocal && name !== undefined && !isOwnName(name) && !allowedHosts.has(name)) {
      throw refusal(`this server is not called ${host}`, `http://${host}`)
    }
    if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return
    if (!allowed.includes(origin)) {
      throw refusal(`web origin ${origin} may not call this server`, origin)
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

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined
}

/** An address, or a name that no public name server gives. */
function isOwnName(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '')
  return isIP(bare) !== 0 || !bare.includes('.') || bare.endsWith('.localhost')
}

function refusal(what: string, origin: string): HostError {
  return new HostError(
    'not-allowed',
    `${what}; ${origin} in option rest.allowedOrigins would allow it`,
  )
}
