import { Type } from 'typebox'
import { codeOf, HostError } from '#host/errors.ts'
import { rowsAction } from '#host/rules/rows.ts'
import { idParams } from '../schemas.ts'
import type { App, Services } from '../services.ts'

/** A client that reads slower than this much behind loses rows; the rule never waits for it. */
const pendingBytes = 1_048_576
const heartbeatMs = 15_000

const rowsQuery = Type.Object({
  drop: Type.Optional(
    Type.Union([Type.Literal('true'), Type.Literal('false')], {
      description: 'Drops the rule when the client has gone, if it is temporary',
    }),
  ),
})

/** Results of a rule with the action `rows`, as server-sent events. */
export function rowsRoutes(app: App, { rules, rows, tenant, log }: Services): void {
  const ends = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const end of ends) end()
  })
  app.get(
    '/rules/:id/rows',
    {
      config: { area: 'rule' },
      schema: {
        tags: ['rules'],
        summary: 'Results as they come, server-sent events',
        params: idParams,
        querystring: rowsQuery,
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const rule = rules.get(tenant, id, (name) => `rows of rule error: Rule ${name} is not found.`)
      if (!rule.actions.some((action) => Object.hasOwn(action, rowsAction))) {
        throw new HostError(
          'bad-rule',
          `rule "${id}" has no action "rows"; add {"rows": {}} to its actions`,
        )
      }
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      raw.write(': rows\n\n')
      let lost = 0
      const unlisten = rows.listen(tenant, id, (payload) => {
        if (raw.writableLength > pendingBytes) {
          lost++
          return
        }
        if (lost > 0) raw.write(`event: lost\ndata: ${lost}\n\n`)
        lost = 0
        raw.write(`data: ${payload.replaceAll('\n', '\ndata: ')}\n\n`)
      })
      const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs)
      const end = () => raw.end()
      ends.add(end)
      raw.on('close', () => {
        unlisten()
        clearInterval(heartbeat)
        ends.delete(end)
        if (request.query.drop !== 'true' || !rule.temp) return
        rules.drop(tenant, id).catch((error: unknown) => {
          if (codeOf(error) === 'stopping') return // a temporary rule ends with the server
          log.logger.warn({ err: error }, `temporary rule ${id} was not dropped`)
        })
      })
    },
  )
}
