import fastify, { type FastifyInstance } from 'fastify'
import { HostError } from '#host/errors.ts'
import { acceptJsonBodies } from './body.ts'
import { serveDocs } from './docs.ts'
import { answerTo } from './errors.ts'
import { refuseForeignOrigins } from './origin.ts'
import { PathList } from './paths.ts'
import { describeRoutes } from './routes.ts'
import type { App, Services } from './services.ts'
import { unroutable } from './unroutable.ts'
import { validationError } from './validation.ts'

/** The REST API: Kuiper's paths and shapes, errors as JSON with the right status. */
export async function createApi(services: Services): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: services.options.rest.bodyLimit,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        verbose: true,
      },
    },
    schemaErrorFormatter: validationError,
    ...unroutable,
  })
  const paths = new PathList()
  app.addHook('onRoute', (route) => paths.add(route.method, route.url))
  acceptJsonBodies(app)
  endConnections(app)
  refuseForeignOrigins(app, services.options)
  handleErrors(app, services)
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const methods = paths.methodsOf(path)
    if (methods.length === 0) throw new HostError('not-found', `no such path: ${path}; see /docs`)
    const message = `${request.method} is not allowed on ${path}; there is ${methods.join(', ')}`
    return reply
      .code(405)
      .header('allow', methods.join(', '))
      .send({ error: 1000, message, code: 'method-not-allowed' })
  })
  describeRoutes(asApp(app), services)
  serveDocs(app, (docs) => describeRoutes(asApp(docs), services))
  await app.ready()
  return app
}

/** A client whose last answer comes while the server ends would keep its connection, and the server with it. */
function endConnections(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}

/** The same instance: only what types follow from schemas differs. */
function asApp(app: FastifyInstance): App {
  return app.withTypeProvider()
}

function handleErrors(app: FastifyInstance, { log }: Services): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = answerTo(error, request.routeOptions.config.area ?? 'server')
    if (answer !== undefined) return reply.code(answer.status).send(answer.body)
    log.logger.error({ err: error }, `${request.method} ${request.url} failed`)
    return reply
      .code(500)
      .send({ error: 1000, message: 'internal error; the log says more', code: 'internal' })
  })
}
