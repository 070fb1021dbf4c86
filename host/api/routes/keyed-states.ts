import { Type } from 'typebox'
import { HostError } from '#host/errors.ts'
import type { App, Services } from '../services.ts'

const params = Type.Object({ key: Type.String() })
const value = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
  description: 'A text, a number, true or false',
})
const body = Type.Object({ value }, { additionalProperties: false })
const config = { area: 'conf-key' } as const

/** What `get_keyed_state` of rules finds. */
export function keyedStateRoutes(app: App, { catalog, tenant }: Services): void {
  const tags = ['keyed state']
  const missing = (key: string) =>
    new HostError('not-found', `nothing stands under key "${key}"; PUT /keyed-state/{key} puts it`)
  app.get(
    '/keyed-state',
    { config, schema: { tags, summary: 'The keys under which something stands' } },
    async () => catalog.keyedStates.keys(tenant),
  )
  app.put(
    '/keyed-state/:key',
    { config, schema: { tags, summary: 'Puts a value for get_keyed_state', params, body } },
    async ({ params: { key }, body: { value } }, reply) => {
      catalog.keyedStates.put(tenant, key, value)
      await catalog.durable()
      return reply.send()
    },
  )
  app.get(
    '/keyed-state/:key',
    { config, schema: { tags, summary: 'The value under a key', params } },
    async ({ params: { key } }) => {
      const found = catalog.keyedStates.get(tenant, key)
      if (found === undefined) throw missing(key)
      return { key, value: found }
    },
  )
  app.delete(
    '/keyed-state/:key',
    { config, schema: { tags, summary: 'Removes a value', params } },
    async ({ params: { key } }, reply) => {
      if (!catalog.keyedStates.remove(tenant, key)) throw missing(key)
      await catalog.durable()
      return reply.send()
    },
  )
}
