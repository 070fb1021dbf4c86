import { Type } from 'typebox'
import {
  type PluginFigures,
  pluginFigures,
  type RuleStanding,
} from '#host/metrics/plugin-figures.ts'
import { prometheusText } from '#host/metrics/prometheus.ts'
import type { PluginKind } from '#host/plugins/service.ts'
import { auditAnswer, figuresAnswer, logsAnswer } from '../plugin-answers.ts'
import type { App, Services } from '../services.ts'
import { type Params, type Place, pluginPlaces } from './plugin-places.ts'

const config = { area: 'plugin' } as const
const tags = ['plugins']
const MAX_LINES = 5000

const linesQuery = Type.Object({
  lines: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$', description: 'Default 100' })),
})

/** What plugins did and tried: figures, the audit trail, logs. */
export function reportRoutes(
  app: App,
  services: Services,
  kinds: Readonly<Record<string, PluginKind>>,
): void {
  const { catalog, tenant } = services
  app.get(
    '/plugins/audit',
    {
      config,
      schema: {
        tags,
        summary: 'What was done to plugins, and what they tried and were refused',
        querystring: linesQuery,
        response: auditAnswer,
      },
    },
    async ({ query }) => catalog.audit.list(tenant, undefined, countOf(query.lines)),
  )
  app.get(
    '/metrics',
    {
      config: { area: 'server' },
      schema: {
        tags: ['server'],
        summary: 'Figures of rules and plugins, as Prometheus reads them',
      },
    },
    async (_, reply) => {
      const text = await metricsText(services)
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text)
    },
  )
  for (const place of pluginPlaces(services, kinds)) reportsAt(app, services, place)
}

function reportsAt(app: App, services: Services, { url, params, target }: Place): void {
  const { catalog, log, plugins, tenant } = services
  const packageOf = (of: unknown) => {
    const { kind, name } = target(of as Params)
    return plugins.describe(tenant, kind, name)?.package ?? name
  }
  app.get(
    `${url}/metrics`,
    {
      config,
      schema: {
        tags,
        summary: 'Rows, errors, refusals, CPU time and memory',
        params,
        response: figuresAnswer,
      },
    },
    async (request) => {
      const name = packageOf(request.params)
      return figuresOf(services, name, await standings(services))
    },
  )
  app.get(
    `${url}/audit`,
    {
      config,
      schema: {
        tags,
        summary: 'What was done to it, and what it tried and was refused',
        params,
        querystring: linesQuery,
        response: auditAnswer,
      },
    },
    // a package that is gone keeps its trail
    async (request) => {
      const { package: gone } = request.params as Params
      const lines = countOf(request.query.lines)
      const kept = gone === undefined ? [] : catalog.audit.list(tenant, gone, lines)
      return kept.length > 0 ? kept : catalog.audit.list(tenant, packageOf(request.params), lines)
    },
  )
  app.get(
    `${url}/logs`,
    {
      config,
      schema: {
        tags,
        summary: 'Its last log lines',
        params,
        querystring: linesQuery,
        response: logsAnswer,
      },
    },
    async (request) => {
      const lines = await log.plugins.tail(packageOf(request.params), countOf(request.query.lines))
      return lines.flatMap(readLine)
    },
  )
}

function figuresOf(
  { catalog, tenant }: Services,
  name: string,
  all: readonly RuleStanding[],
): PluginFigures {
  return pluginFigures(name, all, catalog.audit.refusals(tenant, name))
}

function standings({ rules, tenant }: Services): Promise<RuleStanding[]> {
  return Promise.all(
    rules
      .list(tenant)
      .map(async ({ id }): Promise<RuleStanding> => [id, await rules.standing(tenant, id)]),
  )
}

async function metricsText(services: Services): Promise<string> {
  const all = await standings(services)
  const names = new Set(services.plugins.packages(services.tenant).map((each) => each.package))
  return prometheusText(
    all,
    [...names].map((name) => figuresOf(services, name, all)),
  )
}

function countOf(lines: string | undefined): number {
  return Math.min(MAX_LINES, Number(lines ?? 100))
}

/** Half a line may lie at a rotation. */
function readLine(line: string): unknown[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}
