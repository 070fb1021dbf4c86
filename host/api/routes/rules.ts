import { HostError } from '#host/errors.ts'
import { readRule } from '#host/rules/definition.ts'
import { misspeltProperties } from '#host/rules/misspelt-properties.ts'
import { statusBody, statusLine, statusSummary } from '#host/rules/status.ts'
import { outputSchema, topoOf } from '#host/rules/topo.ts'
import { explain } from '#src/plan/explain.ts'
import { ruleListAnswer, sentence, statusAnswer } from '../answers.ts'
import { answerTo } from '../errors.ts'
import { idParams, ruleBody, tagsBody } from '../schemas.ts'
import type { App, Services } from '../services.ts'
import { answerCommand, commandAnswers, waitQuery } from '../wait.ts'

/** Definitions of rules, and what they tell of themselves. */
export function ruleRoutes(app: App, services: Services): void {
  crudRoutes(app, services)
  statusRoutes(app, services)
  planRoutes(app, services)
}

function crudRoutes(app: App, services: Services): void {
  const { rules, tenant } = services
  const tags = ['rules']
  const config = { area: 'rule' } as const
  app.post(
    '/rules',
    {
      config,
      schema: {
        tags,
        summary: 'Creates a rule and starts it',
        body: ruleBody,
        querystring: waitQuery,
        response: { 201: commandAnswers[200], 202: commandAnswers[202] },
      },
      attachValidation: true,
    },
    async ({ body, query: { wait } }, reply) => {
      const rule = readRule(body)
      const { id } = rule
      const work = rules.create(tenant, body).then(() => {
        const failure = rules.failure(tenant, id)
        const but = failure === undefined ? '' : ` But it did not start: ${failure.message}`
        return [`Rule ${id} was created successfully.${but}`, ...misspeltProperties(rule)].join(' ')
      })
      return answerCommand(reply, services, { id, work, wait, code: 201 })
    },
  )
  app.get(
    '/rules',
    { config, schema: { tags, summary: 'All rules', response: ruleListAnswer } },
    async () =>
      Promise.all(
        rules.list(tenant).map(async ({ id, name, version, tags: own }) => {
          const status = statusLine(await rules.standing(tenant, id))
          return { id, name, status, version, trace: false, tags: own }
        }),
      ),
  )
  app.get(
    '/rules/:id',
    { config, schema: { tags, summary: 'A rule as it was posted', params: idParams } },
    async ({ params }) =>
      rules.get(tenant, params.id, (id) => `Describe rule error: Rule ${id} is not found.`).json,
  )
  app.put(
    '/rules/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Changes a rule, or creates it',
        params: idParams,
        body: ruleBody,
        querystring: waitQuery,
        response: commandAnswers,
      },
      attachValidation: true,
    },
    async ({ params: { id }, body, query: { wait } }, reply) => {
      const work = rules.update(tenant, id, body).then(() => {
        const notes = misspeltProperties(readRule(body, id))
        return [`Rule ${id} was updated successfully.`, ...notes].join(' ')
      })
      return answerCommand(reply, services, { id, work, wait })
    },
  )
  app.delete(
    '/rules/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Stops and drops a rule',
        params: idParams,
        response: { 200: sentence },
      },
    },
    async ({ params }) => {
      await rules.drop(tenant, params.id)
      return `Rule ${params.id} is dropped.`
    },
  )
  app.get(
    '/rules/tags/match',
    { config, schema: { tags, summary: 'Rules with all of the tags in the body or in ?tags=a,b' } },
    async ({ body, query }) => {
      const wanted = tagsOf(body) ?? tagsOf(query) ?? []
      const found = rules
        .list(tenant)
        .filter((rule) => wanted.every((tag) => rule.tags.includes(tag)))
      return { rules: found.map(({ id }) => id) }
    },
  )
  for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
    app.route({
      method,
      url: '/rules/:id/tags',
      config,
      schema: { tags, summary: tagSummaries[method], params: idParams, body: tagsBody },
      handler: async ({ params, body }) => {
        await rules.setTags(tenant, params.id, (old) => {
          if (method === 'PUT') return body.tags
          if (method === 'PATCH') return [...old, ...body.tags]
          return old.filter((tag) => !body.tags.includes(tag))
        })
        return `Rule ${params.id} was updated successfully.`
      },
    })
  }
}

const tagSummaries = { PUT: 'Replaces the tags', PATCH: 'Adds tags', DELETE: 'Removes tags' }

function statusRoutes(app: App, { rules, tenant, cell }: Services): void {
  const tags = ['rules']
  const config = { area: 'rule' } as const
  for (const url of ['/rules/:id/status', '/v2/rules/:id/status']) {
    app.get(
      url,
      {
        config,
        schema: {
          tags,
          summary: 'State and metrics',
          params: idParams,
          response: statusAnswer,
        },
      },
      async ({ params }) => {
        rules.get(tenant, params.id, (id) => `get rule status error: Rule ${id} is not found`)
        return statusBody(await rules.standing(tenant, params.id))
      },
    )
  }
  app.get(
    '/rules/status/all',
    { config, schema: { tags, summary: 'State of all rules' } },
    async () => {
      const entries = rules.list(tenant).map(async ({ id }) => {
        return [id, statusSummary(await rules.standing(tenant, id))] as const
      })
      return Object.fromEntries(await Promise.all(entries))
    },
  )
  app.get(
    '/rules/usage/cpu',
    { config, schema: { tags, summary: 'CPU time of all rules, ms since they were started' } },
    async () => {
      const entries = rules.list(tenant).map(async ({ id }) => {
        const status = await cell.status({ tenant, rule: id })
        return [id, status?.cpuMs ?? 0] as const
      })
      return Object.fromEntries(await Promise.all(entries))
    },
  )
}

function planRoutes(app: App, { rules, tenant }: Services): void {
  const tags = ['rules']
  const config = { area: 'rule' } as const
  const planOf = (id: string, otherwise: (id: string) => string) =>
    rules.plan(tenant, rules.get(tenant, id, otherwise))
  app.get(
    '/rules/:id/topo',
    { config, schema: { tags, summary: 'Operators and what they feed', params: idParams } },
    async ({ params }) => {
      const otherwise = (id: string) => `get rule topo error: Rule ${id} is not found`
      const { plan } = await planOf(params.id, otherwise)
      const { status } = await rules.standing(tenant, params.id)
      return topoOf(plan, status?.metrics)
    },
  )
  app.get(
    '/rules/:id/explain',
    { config, schema: { tags, summary: 'The plan, one JSON a line', params: idParams } },
    async ({ params }, reply) => {
      const otherwise = (id: string) => `explain rules error: Rule ${id} is not found.`
      const { plan } = await planOf(params.id, otherwise)
      return reply.type('text/plain; charset=utf-8').send(explain(plan))
    },
  )
  app.get(
    '/rules/:id/schema',
    { config, schema: { tags, summary: 'Columns of the result', params: idParams } },
    async ({ params }) => {
      const otherwise = (id: string) => `get rule schema error: Rule ${id} is not found`
      return outputSchema((await planOf(params.id, otherwise)).plan)
    },
  )
  app.get(
    '/rules/:id/scantables',
    { config, schema: { tags, summary: 'Scan tables that the rule joins', params: idParams } },
    async ({ params }) => {
      const otherwise = (id: string) => `scan table error: Rule ${id} is not found`
      const { plan } = await planOf(params.id, otherwise)
      const tables = plan.sources.filter(({ kind }) => kind === 'table')
      if (tables.length > 0) return tables.map(({ stream }) => stream)
      throw new HostError('bad-rule', `scan table error: join node is not found for ${params.id}`)
    },
  )
  app.post(
    '/rules/validate',
    {
      config,
      schema: {
        tags,
        summary: 'Checks a rule without creating it: plans it, asks functions of plugins',
        body: ruleBody,
      },
      attachValidation: true,
    },
    async ({ body }, reply) => {
      try {
        const planned = await rules.plan(tenant, readRule(body), true)
        return { valid: true, sources: planned.streams }
      } catch (error) {
        const answer = answerTo(error, 'rule')
        if (answer === undefined || answer.status >= 500) throw error
        return reply.code(422).send(answer.body)
      }
    },
  )
}

function tagsOf(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null || !('tags' in value)) return undefined
  const { tags } = value
  if (typeof tags === 'string') return tags.split(',')
  return Array.isArray(tags) ? tags.map(String) : undefined
}
