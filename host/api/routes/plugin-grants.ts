import { Type } from 'typebox'
import { HostError } from '#host/errors.ts'
import type { PluginKind } from '#host/plugins/service.ts'
import { nameParams } from '../schemas.ts'
import { restartedText, sentences } from '../sentences.ts'
import type { App, Services } from '../services.ts'

const config = { area: 'plugin' } as const
const tags = ['plugins']
const packageParams = Type.Object({ package: Type.String() })
const grantsBody = Type.Unsafe<unknown>({
  description:
    '"all", "none" or {"network": [origins], "secrets": [names], "files": {"private": true, name: path}}',
})

interface Target {
  readonly kind: PluginKind
  readonly name: string
}

/** `/plugins/sinks/mysql/grants`, and by package, or by the name of the only extension that has it, `/plugins/acme-mysql/grants`. */
export function grantRoutes(
  app: App,
  services: Services,
  kinds: Readonly<Record<string, PluginKind>>,
): void {
  const { plugins, tenant } = services
  for (const [path, kind] of Object.entries(kinds)) {
    const what = (name: string) => `${path} plugin ${name}`
    grantsAt(app, services, {
      url: `/plugins/${path}/:name/grants`,
      params: nameParams,
      title: ({ name = '' }) => what(name),
      target: ({ name = '' }) => {
        if (plugins.describe(tenant, kind, name) !== undefined) return { kind, name }
        throw new HostError('not-found', `describe ${what(name)} error: not found`)
      },
    })
  }
  grantsAt(app, services, {
    url: '/plugins/:package/grants',
    params: packageParams,
    title: ({ package: name = '' }) => `plugin ${name}`,
    target: ({ package: name = '' }) => {
      const found = plugins.find(tenant, name)
      if (found !== undefined) return found
      throw new HostError(
        'not-found',
        `plugin ${name} is not found: no package or plugin has this name`,
      )
    },
  })
}

interface Place {
  readonly url: string
  readonly params: typeof nameParams | typeof packageParams
  title(params: Params): string
  /** @throws HostError `not-found` */
  target(params: Params): Target
}

type Params = Readonly<Record<string, string | undefined>>

function grantsAt(app: App, { plugins, rules, tenant }: Services, place: Place): void {
  const { url, params, title, target } = place
  const describe = ({ kind, name }: Target) => plugins.describe(tenant, kind, name)
  const restart = async (at: Target) => {
    const found = describe(at)
    return found === undefined ? [] : await rules.restartUsers(tenant, found.package)
  }
  app.get(
    url,
    { config, schema: { tags, summary: 'Powers that it asks for and has', params } },
    async (request) => describe(target(request.params as Params))?.grants,
  )
  app.post(
    url,
    {
      config,
      schema: { tags, summary: 'Gives powers that it asks for', params, body: grantsBody },
    },
    async (request) => {
      const at = target(request.params as Params)
      const notes = await plugins.grant(tenant, at.kind, at.name, request.body)
      return sentences(`${title(request.params as Params)} is granted`, [
        ...notes,
        ...restartedText(await restart(at)),
      ])
    },
  )
  app.delete(
    url,
    { config, schema: { tags, summary: 'Takes powers back; all without a body', params } },
    async (request) => {
      const at = target(request.params as Params)
      const notes = await plugins.revoke(tenant, at.kind, at.name, request.body ?? undefined)
      return sentences(`grants of ${title(request.params as Params)} are revoked`, [
        ...notes,
        ...restartedText(await restart(at)),
      ])
    },
  )
}
