import { manifestSchema } from '#host/plugins/manifest.ts'
import type { InstallRun } from '#host/plugins/progress.ts'
import { jobOr, removedAnswer, versionsAnswer } from '../plugin-answers.ts'
import { replacePlugin, stopUsers } from '../replace-plugin.ts'
import { allQuery, packageBody, previewBody, removeQuery, upgradeBody } from '../schemas.ts'
import { sentences } from '../sentences.ts'
import type { App, Services } from '../services.ts'
import { answerWork, asyncQuery } from './plugin-jobs.ts'
import { packageParams } from './plugin-places.ts'

const config = { area: 'plugin' } as const
const tags = ['plugins']

/** Packages as a whole: those with several extensions, and what an operator sees of all that is installed. */
export function packageRoutes(app: App, services: Services): void {
  const { plugins, tenant } = services
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
    {
      config,
      schema: {
        tags,
        summary: 'Installs all that a package names',
        body: packageBody,
        querystring: asyncQuery,
        response: jobOr(201),
      },
    },
    async (request, reply) => {
      const { body } = request
      const run = async (how: InstallRun) => {
        const made = await plugins.installPackage(tenant, body, how)
        const { package: name, version, names, notes } = made
        const text = `plugin ${name} ${version} is created with ${[...new Set(names)].join(', ')}`
        return sentences(text, notes)
      }
      return answerWork(services, request, reply, {
        title: `install of ${body.file}`,
        code: 201,
        run,
      })
    },
  )
  app.post(
    '/plugins/prune',
    {
      config,
      schema: {
        tags,
        summary:
          'Removes versions that were replaced and that no rule holds; with all=true every unused one but the newest',
        querystring: allQuery,
        response: removedAnswer,
      },
    },
    async ({ query }) => ({ removed: await plugins.prune(tenant, query.all === 'true') }),
  )
  onePackage(app, services)
}

function onePackage(app: App, services: Services): void {
  const { plugins, tenant } = services
  const nameOf = (word: string) => {
    const found = plugins.find(tenant, word)
    const described = found && plugins.describe(tenant, found.kind, found.name)
    return described?.package ?? word
  }
  app.get(
    '/plugins/:package',
    {
      config,
      schema: {
        tags,
        summary:
          'Versions of a package: what each brings, asks for, was granted, and the rules that hold it',
        params: packageParams,
        response: versionsAnswer,
      },
    },
    async ({ params }) => {
      const name = nameOf(params.package)
      plugins.usersOf(tenant, name) // says that there is none, and what there is
      return { package: name, versions: plugins.versions(tenant, name) }
    },
  )
  app.put(
    '/plugins/:package',
    {
      config,
      schema: {
        tags,
        summary: 'Installs another version in its place',
        params: packageParams,
        body: upgradeBody,
        querystring: asyncQuery,
        response: jobOr(200),
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const found = plugins.find(tenant, params.package)
      if (found === undefined) plugins.usersOf(tenant, params.package)
      const { kind, name } = found ?? { kind: 'function', name: params.package }
      const title = `plugin ${params.package}`
      return answerWork(services, request, reply, {
        title: `upgrade of ${params.package} from ${body.file}`,
        code: 200,
        run: (run) => replacePlugin(services, { kind, title, request: { ...body, name } }, run),
      })
    },
  )
  app.delete(
    '/plugins/:package',
    {
      config,
      schema: {
        tags,
        summary: 'Removes a package, or one version; refused while a rule holds it, unless forced',
        params: packageParams,
        querystring: removeQuery,
        response: removedAnswer,
      },
    },
    async ({ params, query: { version, force } }) => {
      const name = nameOf(params.package)
      if (force === 'true') {
        const users = plugins.usersOf(tenant, name, version)
        await stopUsers(services, users, name)
      }
      return { removed: await plugins.removePackage(tenant, name, version) }
    },
  )
}
