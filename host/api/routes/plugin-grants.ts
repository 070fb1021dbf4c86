import { Type } from 'typebox'
import type { PluginKind } from '#host/plugins/service.ts'
import { restartedText, sentences } from '../sentences.ts'
import type { App, Services } from '../services.ts'
import { type Params, type Place, pluginPlaces, type Target } from './plugin-places.ts'

const config = { area: 'plugin' } as const
const tags = ['plugins']
const grantsBody = Type.Unsafe<unknown>({
  description:
    '"all", "none" or {"network": [origins], "secrets": [names], "files": {"private": true, name: path}}',
})

/** `/plugins/sinks/mysql/grants`, `/plugins/acme-mysql/grants`. */
export function grantRoutes(
  app: App,
  services: Services,
  kinds: Readonly<Record<string, PluginKind>>,
): void {
  for (const place of pluginPlaces(services, kinds))
    grantsAt(app, services, { ...place, url: `${place.url}/grants` })
}

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
