import { HostError } from '#host/errors.ts'
import type { InstallRun } from '#host/plugins/progress.ts'
import type { PluginKind } from '#host/plugins/service.ts'
import { checkId } from '#host/rules/definition.ts'
import { jobOr } from '../plugin-answers.ts'
import { replacePlugin, stopUsers } from '../replace-plugin.ts'
import { dropQuery, functionsBody, nameParams, pluginBody } from '../schemas.ts'
import { sentences } from '../sentences.ts'
import type { App, Services } from '../services.ts'
import { packageRoutes } from './packages.ts'
import { grantRoutes } from './plugin-grants.ts'
import { answerWork, asyncQuery, jobRoutes } from './plugin-jobs.ts'
import { reportRoutes } from './plugin-reports.ts'

const kinds: Readonly<Record<string, PluginKind>> = {
  sources: 'source',
  sinks: 'sink',
  functions: 'function',
}

const config = { area: 'plugin' } as const

export function pluginRoutes(app: App, services: Services): void {
  for (const [path, kind] of Object.entries(kinds)) kindRoutes(path, kind, app, services)
  grantRoutes(app, services, kinds)
  functionRoutes(app, services)
  jobRoutes(app, services)
  reportRoutes(app, services, kinds)
  packageRoutes(app, services)
  portableRoutes(app)
}

function kindRoutes(path: string, kind: PluginKind, app: App, services: Services): void {
  const { plugins, tenant } = services
  const tags = ['plugins']
  const describe = (name: string) => {
    const found = plugins.describe(tenant, kind, name)
    if (found !== undefined) return found
    throw new HostError('not-found', `describe ${path} plugin ${name} error: not found`)
  }
  app.get(`/plugins/${path}`, { config, schema: { tags, summary: 'Names' } }, async () =>
    plugins.list(tenant, kind),
  )
  // Kuiper's list of plugins built by its project: there is no such list here
  app.get(`/plugins/${path}/prebuild`, { config, schema: { hide: true } }, async () => ({}))
  app.post(
    `/plugins/${path}`,
    {
      config,
      schema: {
        tags,
        summary: 'Installs a zip',
        body: pluginBody,
        querystring: asyncQuery,
        response: jobOr(201),
      },
    },
    async (request, reply) => {
      const { body } = request
      if (body.name === '') throw new HostError('bad-name', 'id cannot be empty')
      checkId(body.name)
      const run = async (how: InstallRun) => {
        const { notes } = await plugins.install(tenant, kind, body, how)
        return sentences(`${path} plugin ${body.name} is created`, notes)
      }
      return answerWork(services, request, reply, {
        title: `install of ${body.file}`,
        code: 201,
        run,
      })
    },
  )
  app.get(
    `/plugins/${path}/:name`,
    { config, schema: { tags, summary: 'Version, package and powers', params: nameParams } },
    async ({ params }) => describe(params.name),
  )
  app.put(
    `/plugins/${path}/:name`,
    {
      config,
      schema: {
        tags,
        summary: 'Installs another version in its place',
        params: nameParams,
        body: pluginBody,
        querystring: asyncQuery,
        response: jobOr(200),
      },
    },
    async (request, reply) => {
      const { params, body } = request
      if (body.name !== params.name) {
        throw new HostError(
          'bad-name',
          `the body names plugin "${body.name}", the path "${params.name}"`,
        )
      }
      const title = `${path} plugin ${params.name}`
      return answerWork(services, request, reply, {
        title: `upgrade of ${title} from ${body.file}`,
        code: 200,
        run: (run) => replacePlugin(services, { kind, title, request: body }, run),
      })
    },
  )
  app.delete(
    `/plugins/${path}/:name`,
    {
      config,
      schema: {
        tags,
        summary: 'Removes it; refused while a rule holds it, unless forced',
        params: nameParams,
        querystring: dropQuery,
      },
    },
    async ({ params, query }) => {
      if (plugins.describe(tenant, kind, params.name) === undefined) {
        throw new HostError(
          'not-found',
          `delete ${path} plugin ${params.name} error: invalid name ${params.name}: not exist`,
        )
      }
      if (query.force === 'true') {
        const { package: name } = describe(params.name)
        await stopUsers(services, plugins.usersOf(tenant, name), name)
      }
      await plugins.remove(tenant, kind, params.name)
      return `${path} plugin ${params.name} is deleted`
    },
  )
}

function functionRoutes(app: App, { plugins, tenant }: Services): void {
  const tags = ['plugins']
  app.post(
    '/plugins/functions/:name/register',
    {
      config,
      schema: {
        tags,
        summary: 'SQL names of a function plugin',
        params: nameParams,
        body: functionsBody,
      },
    },
    async ({ params, body }) => {
      if (plugins.describe(tenant, 'function', params.name) === undefined) {
        throw new HostError(
          'not-found',
          `register functions plugin ${params.name} error: not found`,
        )
      }
      if (body.functions.length === 0) {
        throw new HostError('bad-body', "property 'functions' must not be empty")
      }
      await plugins.register(tenant, params.name, body.functions)
      return `function plugin ${params.name} function list is registered`
    },
  )
  app.get(
    '/plugins/udfs',
    { config, schema: { tags, summary: 'SQL functions of plugins' } },
    async () => plugins.list(tenant, 'function'),
  )
  app.get(
    '/plugins/udfs/:name',
    { config, schema: { tags, summary: 'The plugin of an SQL function', params: nameParams } },
    async ({ params }) => {
      const found = plugins.describe(tenant, 'function', params.name)
      if (found !== undefined) return { name: params.name, plugin: found.package }
      throw new HostError('not-found', `describe function ${params.name} error: not found`)
    },
  )
}

/** Kuiper's plugins in processes of their own: there are none, and clients that look for them are told so. */
function portableRoutes(app: App): void {
  const hidden = { config, schema: { hide: true } }
  app.get('/plugins/portables', hidden, async () => [])
  app.post('/plugins/portables', hidden, async () => {
    throw new HostError(
      'not-supported',
      'portable plugins are for Kuiper; plugins here are scripts in a sandbox: pack it with the SDK and install it as source, sink or function',
    )
  })
  for (const url of ['/plugins/portables/:name', '/plugins/portables/:name/status']) {
    app.route({
      method: ['GET', 'DELETE'],
      url,
      config,
      schema: { hide: true, params: nameParams },
      handler: async ({ params }) => {
        throw new HostError(
          'not-found',
          `portable plugin ${params.name} not found: there are no portable plugins here`,
        )
      },
    })
  }
}
