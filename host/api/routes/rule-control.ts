import { textOf } from '#host/errors.ts'
import { bulkAnswer } from '../answers.ts'
import { idParams, tagsBody } from '../schemas.ts'
import type { App, Services } from '../services.ts'
import { answerCommand, commandAnswers, waitQuery } from '../wait.ts'

/** Starting and stopping, one rule or all with a tag. */
export function ruleControlRoutes(app: App, services: Services): void {
  const { rules, tenant } = services
  const tags = ['rules']
  const config = { area: 'rule' } as const
  const verbs = {
    start: { run: (id: string) => rules.start(tenant, id), done: 'was started' },
    stop: { run: (id: string) => rules.stop(tenant, id), done: 'was stopped.' },
    restart: { run: (id: string) => rules.restart(tenant, id), done: 'was restarted' },
  }
  for (const [verb, { run, done }] of Object.entries(verbs)) {
    app.post(
      `/rules/:id/${verb}`,
      {
        config,
        schema: {
          tags,
          summary: `${verb}s a rule`,
          params: idParams,
          querystring: waitQuery,
          response: commandAnswers,
        },
      },
      async ({ params: { id }, query: { wait } }, reply) => {
        const work = run(id).then(() => `Rule ${id} ${done}`)
        return answerCommand(reply, services, { id, work, wait })
      },
    )
  }
  const bulk = { bulkstart: verbs.start.run, bulkstop: verbs.stop.run }
  for (const [name, run] of Object.entries(bulk)) {
    app.post(
      `/rules/${name}`,
      {
        config,
        schema: {
          tags,
          summary: 'All rules with one of the tags',
          body: tagsBody,
          response: bulkAnswer,
        },
      },
      async ({ body }) => {
        const wanted = rules.list(tenant).filter((rule) => {
          return body.tags.some((tag) => rule.tags.includes(tag))
        })
        return Promise.all(
          wanted.map(async ({ id }) => {
            try {
              await run(id)
              return { ruleId: id, success: true }
            } catch (error) {
              return { ruleId: id, success: false, error: textOf(error) }
            }
          }),
        )
      },
    )
  }
}
