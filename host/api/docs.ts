import type { FastifyInstance } from 'fastify'

/**
 * The OpenAPI page. Its libraries and a second set of the routes, to be described, are made when someone asks for it first:
 * a server that nobody reads about starts without them.
 */
export function serveDocs(app: FastifyInstance, describe: (docs: FastifyInstance) => void): void {
  let docs: Promise<FastifyInstance> | undefined
  const answer = async (request: { raw: import('node:http').IncomingMessage }) => {
    docs ??= makeDocs(describe)
    return { docs: await docs, raw: request.raw }
  }
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const { docs, raw } = await answer(request)
      reply.hijack()
      docs.routing(raw, reply.raw)
    })
  }
  app.addHook('onClose', async () => {
    await (await docs)?.close()
  })
}

async function makeDocs(describe: (docs: FastifyInstance) => void): Promise<FastifyInstance> {
  const [{ default: fastify }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const docs = fastify({ ajv: { customOptions: { strict: false } } })
  await docs.register(swagger, {
    openapi: {
      info: {
        title: 'Plutino',
        description: 'SQL rules over live streams, with plugins in sandboxes.',
        version: '0.1.0',
      },
    },
  })
  await docs.register(swaggerUi, { routePrefix: '/docs' })
  await docs.register(async (scope) => describe(scope))
  docs.setNotFoundHandler(({ url }, reply) =>
    reply
      .code(404)
      .send({ error: 1002, message: `no such page: ${url}; see /docs`, code: 'not-found' }),
  )
  await docs.ready()
  return docs
}
