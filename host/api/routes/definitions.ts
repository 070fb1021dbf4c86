import { Type } from 'typebox'
import type { DefinitionKind } from '#src/sql/ast.ts'
import { forceQuery, nameParams, sqlBody } from '../schemas.ts'
import type { App, Services } from '../services.ts'

const kindQuery = Type.Object({
  kind: Type.Optional(Type.Union([Type.Literal('scan'), Type.Literal('lookup')])),
})

/** Streams and tables: the same routes for both. */
export function definitionRoutes(app: App, services: Services): void {
  for (const kind of ['stream', 'table'] as const) routesOf(kind, app, services)
}

function routesOf(kind: DefinitionKind, app: App, { streams, tenant }: Services): void {
  const tags = [`${kind}s`]
  const config = { area: 'definition' } as const
  app.post(
    `/${kind}s`,
    { config, schema: { tags, summary: `CREATE ${kind.toUpperCase()}`, body: sqlBody } },
    async ({ body }, reply) => {
      const result = await streams.execute(tenant, body.sql)
      return reply.code(201).send(result)
    },
  )
  app.get(
    `/${kind}s`,
    { config, schema: { tags, summary: 'Names', querystring: kindQuery } },
    async ({ query }) => streams.names(tenant, kind, query.kind),
  )
  app.get(
    `/${kind}details`,
    { config, schema: { tags, summary: 'Names, types and formats', querystring: kindQuery } },
    async ({ query }) => streams.details(tenant, kind, query.kind),
  )
  app.get(
    `/${kind}s/:name`,
    { config, schema: { tags, summary: 'Columns and options', params: nameParams } },
    async ({ params }) => streams.describe(tenant, kind, params.name),
  )
  app.get(
    `/${kind}s/:name/schema`,
    { config, schema: { tags, summary: 'Columns by name', params: nameParams } },
    async ({ params }) => streams.schema(tenant, kind, params.name),
  )
  app.put(
    `/${kind}s/:name`,
    {
      config,
      schema: { tags, summary: 'Replaces it, or makes it', params: nameParams, body: sqlBody },
    },
    async ({ params, body }) => streams.replace(tenant, kind, params.name, body.sql),
  )
  app.delete(
    `/${kind}s/:name`,
    {
      config,
      schema: {
        tags,
        summary: 'Drops it; refused while a rule reads it, unless force=true',
        params: nameParams,
        querystring: forceQuery,
      },
    },
    async ({ params, query }) => streams.drop(tenant, kind, params.name, query.force === 'true'),
  )
}
