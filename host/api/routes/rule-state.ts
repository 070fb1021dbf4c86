import { HostError } from '#host/errors.ts'
import { checkpointsAnswer, sentence, stateAnswer } from '../answers.ts'
import { idParams, resetBody } from '../schemas.ts'
import type { App, Services } from '../services.ts'
import { readReset } from '../source-reset.ts'
import { answerCommand, commandAnswers, waitQuery } from '../wait.ts'

/** A state may be large; what it becomes in the host is larger still. */
const stateBytes = 268_435_456

/** What a rule has kept: its checkpoints, its state to take away and to put back. */
export function ruleStateRoutes(app: App, services: Services): void {
  const { states, tenant } = services
  const tags = ['rules']
  const config = { area: 'rule' } as const
  app.get(
    '/rules/:id/checkpoints',
    {
      config,
      schema: {
        tags,
        summary: 'The checkpoints that are kept, each read and checked',
        params: idParams,
        response: checkpointsAnswer,
      },
    },
    async ({ params }) => {
      const kept = await states.list(tenant, params.id)
      return kept.map(({ isWhole, ...checkpoint }) => ({ ...checkpoint, whole: isWhole }))
    },
  )
  app.get(
    '/rules/:id/state',
    {
      config,
      schema: {
        tags,
        summary: 'Its state as a file, taken now when it runs',
        params: idParams,
        response: stateAnswer,
      },
    },
    async ({ params: { id } }, reply) => {
      const bytes = await states.export(tenant, id)
      return reply
        .type('application/octet-stream')
        .header('content-disposition', `attachment; filename="${id}.state"`)
        .send(bytes)
    },
  )
  app.put(
    '/rules/:id/state',
    {
      config: { ...config, isBinary: true },
      bodyLimit: stateBytes,
      schema: {
        tags,
        summary: 'Goes on from a state that was exported; send application/octet-stream',
        params: idParams,
        response: { 200: sentence },
      },
    },
    async ({ params: { id }, body }, reply) => {
      if (!(body instanceof Uint8Array)) {
        throw new HostError('bad-body', 'the body is no state; send it as application/octet-stream')
      }
      await states.import(tenant, id, body)
      return reply.send(`Rule ${id} state was imported.`)
    },
  )
  for (const method of ['PUT', 'POST'] as const) {
    app.route({
      method,
      url: '/rules/:id/reset_state',
      config: { ...config, isBodyOptional: true },
      attachValidation: true,
      schema: {
        tags,
        summary: 'Starts anew, without what it has kept; with a body, only a source goes elsewhere',
        params: idParams,
        querystring: waitQuery,
        body: resetBody,
        response: commandAnswers,
      },
      handler: async ({ params: { id }, query: { wait }, body }, reply) => {
        const reset = readReset(body)
        const work =
          reset === undefined
            ? states.reset(tenant, id).then(() => `Rule ${id} state was reset.`)
            : states.resetSource(tenant, id, reset).then(() => 'success')
        return answerCommand(reply, services, { id, work, wait })
      },
    })
  }
}
