import { manifestSchema } from '#host/plugins/manifest.ts'
import { packageBody, previewBody } from '../schemas.ts'
import { sentences } from '../sentences.ts'
import type { App, Services } from '../services.ts'

const config = { area: 'plugin' } as const
const tags = ['plugins']

/** Packages as a whole: those with several extensions, and what an operator sees of all that is installed. */
export function packageRoutes(app: App, { plugins, tenant }: Services): void {
  app.get(
    '/plugins',
    {
      config,
      schema: {
        tags,
        summary: 'Packages, their tiers and powers; files that could not be installed',
      },
    },
    async () => ({
      packages: plugins.packages(tenant),
      dropIns: plugins.dropIns?.() ?? { problems: [] },
    }),
  )
  app.get(
    '/plugins/manifest.schema.json',
    { config, schema: { tags, summary: 'JSON Schema of a plugin’s package.json' } },
    async () => manifestSchema,
  )
  app.post(
    '/plugins/preview',
    {
      config,
      schema: {
        tags,
        summary: 'What a zip holds and asks for; nothing is installed',
        body: previewBody,
      },
    },
    async ({ body }) => plugins.preview(body),
  )
  app.post(
    '/plugins',
    { config, schema: { tags, summary: 'Installs all that a package names', body: packageBody } },
    async ({ body }, reply) => {
      const { package: name, version, names, notes } = await plugins.installPackage(tenant, body)
      const text = `plugin ${name} ${version} is created with ${names.join(', ')}`
      return reply.code(201).send(sentences(text, notes))
    },
  )
}
