import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { HostError } from '#host/errors.ts'
import type { Job } from '#host/plugins/jobs.ts'
import type { InstallRun } from '#host/plugins/progress.ts'
import { jobAnswer, jobsAnswer } from '../plugin-answers.ts'
import { idParams } from '../schemas.ts'
import type { App, Services } from '../services.ts'

const config = { area: 'plugin' } as const
const tags = ['plugins']
const heartbeatMs = 15_000

export const asyncQuery = Type.Object({
  async: Type.Optional(
    Type.Union([Type.Literal('true'), Type.Literal('false')], {
      description: 'Answers 202 at once with a job; so does the header prefer: respond-async',
    }),
  ),
})

export interface Work {
  readonly title: string
  /** Of its answer when it is waited for. */
  readonly code: 200 | 201
  run(run: InstallRun): Promise<string>
}

/** Waits for it, or answers 202 with the job that does it. */
export async function answerWork(
  { jobs }: Pick<Services, 'jobs'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { title, code, run }: Work,
): Promise<FastifyReply> {
  const { async: wanted } = request.query as { async?: string }
  const prefers = String(request.headers.prefer ?? '').split(/[,;]\s*/)
  if (wanted !== 'true' && !prefers.includes('respond-async'))
    return reply.code(code).send(await run({}))
  const job = jobs.start(title, run)
  return reply.code(202).header('location', `/plugins/jobs/${job.id}`).send(job)
}

/** Installations that are not waited for. */
export function jobRoutes(app: App, { jobs }: Services): void {
  const ends = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const end of ends) end()
  })
  const known = (id: string): Job => {
    const job = jobs.get(id)
    if (job !== undefined) return job
    throw new HostError('not-found', `job ${id} is not found; GET /plugins/jobs lists those of now`)
  }
  app.get(
    '/plugins/jobs',
    {
      config,
      schema: {
        tags,
        summary: 'Installations under way, and how the last ones ended',
        response: jobsAnswer,
      },
    },
    async () => jobs.list(),
  )
  app.get(
    '/plugins/jobs/:id',
    {
      config,
      schema: {
        tags,
        summary: 'How far an installation is',
        params: idParams,
        response: jobAnswer,
      },
    },
    async ({ params }) => known(params.id),
  )
  app.delete(
    '/plugins/jobs/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Calls it off; answers how it ended',
        params: idParams,
        response: jobAnswer,
      },
    },
    async ({ params }) => {
      known(params.id)
      return jobs.cancel(params.id)
    },
  )
  app.get(
    '/plugins/jobs/:id/events',
    {
      config,
      schema: { tags, summary: 'Each step as it is made, server-sent events', params: idParams },
    },
    async ({ params }, reply) => {
      known(params.id)
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs)
      const end = () => raw.end()
      ends.add(end)
      const unlisten = jobs.listen(params.id, (job) => {
        raw.write(`data: ${JSON.stringify(job)}\n\n`)
        if (job.state !== 'running') raw.end()
      })
      raw.on('close', () => {
        unlisten()
        clearInterval(heartbeat)
        ends.delete(end)
      })
    },
  )
}
