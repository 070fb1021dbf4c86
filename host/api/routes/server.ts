import { arch, cpus, platform, totalmem } from 'node:os'
import { HostError } from '#host/errors.ts'
import { configsBody } from '../schemas.ts'
import type { App, Services } from '../services.ts'

export function serverRoutes(app: App, services: Services): void {
  const tags = ['server']
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    schema: { tags, summary: 'Version, uptime and load' },
    handler: async () => overview(services.version),
  })
  app.get(
    '/ping',
    { schema: { tags, summary: 'Answers when the server is up' } },
    async (_, reply) => {
      return reply.code(200).send()
    },
  )
  app.get(
    '/health',
    { schema: { tags, summary: '503 when the process should be replaced' } },
    async (_, reply) => {
      const health = await services.cell.health()
      return reply.code(health.degraded ? 503 : 200).send(health)
    },
  )
  app.patch(
    '/configs',
    {
      schema: {
        tags,
        summary: 'Changes the log and the time zone until the next start',
        body: configsBody,
      },
    },
    async ({ body }, reply) => {
      if (body.timezone !== undefined) services.setTimeZone(body.timezone)
      services.log.set({
        level:
          body.debug === true
            ? 'debug'
            : (body.logLevel ?? (body.debug === false ? 'info' : undefined)),
        console: body.consoleLog,
        file: body.fileLog,
      })
      return reply.code(204).send()
    },
  )
  app.post(
    '/stop',
    { schema: { tags, summary: 'Ends the server, if option rest.stopEndpoint allows it' } },
    async () => {
      if (!services.options.rest.stopEndpoint) {
        throw new HostError(
          'not-allowed',
          'stopping over REST is off; option rest.stopEndpoint turns it on',
        )
      }
      setImmediate(services.stop)
      return 'The server is stopping.'
    },
  )
}

function overview(version: string) {
  const { user, system } = process.cpuUsage()
  const seconds = process.uptime()
  const load = (user + system) / 1e6 / seconds / cpus().length
  return {
    version,
    os: platform(),
    arch: arch(),
    upTimeSeconds: Math.floor(seconds),
    cpuUsage: `${(load * 100).toFixed(2)}%`,
    memoryUsed: String(process.memoryUsage.rss()),
    memoryTotal: String(totalmem()),
  }
}
