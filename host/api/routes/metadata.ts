import { connect } from 'node:net'
import { Type } from 'typebox'
import { builtinSinks, builtinSources } from '#host/cell/connectors/builtin.ts'
import type { ConnectorKind } from '#host/config/connector-config.ts'
import { maskSecrets } from '#host/config/secrets.ts'
import { HostError, textOf } from '#host/errors.ts'
import { checkId } from '#host/rules/definition.ts'
import { propsBody } from '../schemas.ts'
import type { App, Services } from '../services.ts'

const typeParams = Type.Object({ type: Type.String() })
const keyParams = Type.Object({ type: Type.String(), key: Type.String() })
const config = { area: 'conf-key' } as const
const connectTimeoutMs = 5000

/** Configuration of sources and sinks. */
export function metadataRoutes(app: App, services: Services): void {
  for (const kind of ['sources', 'sinks', 'connections'] as const) kindRoutes(kind, app, services)
}

function kindRoutes(kind: ConnectorKind, app: App, services: Services): void {
  const { catalog, tenant } = services
  const tags = ['configuration']
  app.put(
    `/metadata/${kind}/:type/confKeys/:key`,
    {
      config,
      schema: {
        tags,
        summary: 'Puts a section; it wins over files',
        params: keyParams,
        body: propsBody,
      },
    },
    async ({ params: { type, key }, body }, reply) => {
      catalog.confKeys.put(tenant, kind, checkId(type), checkId(key), body)
      await catalog.durable()
      return reply.send()
    },
  )
  app.delete(
    `/metadata/${kind}/:type/confKeys/:key`,
    { config, schema: { tags, summary: 'Removes a section that was put', params: keyParams } },
    async ({ params: { type, key } }, reply) => {
      if (!catalog.confKeys.remove(tenant, kind, type, key)) {
        throw new HostError(
          'not-found',
          `no section "${key}" of ${kind} type "${type}" was put over REST; those of files are removed there`,
        )
      }
      await catalog.durable()
      return reply.send()
    },
  )
  app.get(
    `/metadata/${kind}/yaml/:type`,
    { config, schema: { tags, summary: 'All sections, secrets masked', params: typeParams } },
    async ({ params }) => {
      const sections = await services.config.sections(tenant, kind, checkId(params.type))
      return maskSecrets(Object.fromEntries(sections))
    },
  )
  if (kind === 'connections') return
  const builtin = kind === 'sources' ? builtinSources : builtinSinks
  app.get(
    `/metadata/${kind}`,
    { config, schema: { tags, summary: 'Built-in types and those of plugins' } },
    async () => {
      const names = services.plugins.list(tenant, kind === 'sources' ? 'source' : 'sink')
      return [...builtin, ...names].map((name) => ({ name }))
    },
  )
  app.post(
    `/metadata/${kind}/connection/:type`,
    {
      config,
      schema: {
        tags,
        summary: 'Tries to reach the server that properties name',
        params: typeParams,
        body: propsBody,
      },
    },
    async ({ body }, reply) => {
      const address = body.server ?? body.url ?? body.addr
      if (typeof address === 'string') await reach(address)
      return reply.send()
    },
  )
}

/** Opens a TCP connection and closes it. */
async function reach(address: string): Promise<void> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const port = url === undefined ? 0 : Number(url.port) || defaultPort(url.protocol)
  if (url === undefined || port === 0) {
    throw new HostError('bad-conf-key', `"${address}" is no address such as tcp://127.0.0.1:1883`)
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    timeout: connectTimeoutMs,
  })
  socket.on('connect', resolve)
  socket.on('error', reject)
  socket.on('timeout', () => reject(new Error(`no answer in ${connectTimeoutMs} ms`)))
  try {
    await promise
  } catch (error) {
    throw new HostError(
      'unreachable',
      `found error when connecting for ${address}: ${textOf(error)}`,
    )
  } finally {
    socket.destroy()
  }
}

function defaultPort(protocol: string): number {
  const ports: Readonly<Record<string, number>> = {
    'tcp:': 1883,
    'mqtt:': 1883,
    'ssl:': 8883,
    'mqtts:': 8883,
    'http:': 80,
    'ws:': 80,
    'https:': 443,
    'wss:': 443,
  }
  return ports[protocol] ?? 0
}
