import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { outcomeBody } from '#host/rules/status.ts'
import { durationMs } from '#src/plan/duration.ts'
import type { Services } from './services.ts'

export const waitQuery = Type.Object({
  wait: Type.Optional(
    Type.String({
      pattern: '^[0-9]+(ms|s|m)?$',
      description: 'Answers with the state that came of it, after so long at most (5m): 10s',
    }),
  ),
})

/** What a command answers: Kuiper's sentence, or with `?wait=` where the rule stands. */
export const commandAnswers = {
  200: {
    description: 'Done: a sentence, or with ?wait= the state',
    content: {
      'text/plain': { schema: { type: 'string' } },
      'application/json': { schema: outcomeSchema() },
    },
  },
  202: {
    description: 'It is still under way after ?wait=',
    content: { 'application/json': { schema: outcomeSchema() } },
  },
}

export interface Command {
  readonly id: string
  /** Resolves with Kuiper's sentence when the rule has come to rest. */
  readonly work: Promise<string>
  readonly wait: string | undefined
  /** @default 200 */
  readonly code?: number | undefined
}

const longestMs = 300_000

/** Without `wait` when it is done; with it after so long at most, and it goes on meanwhile. */
export async function answerCommand(
  reply: FastifyReply,
  { rules, tenant, log }: Pick<Services, 'rules' | 'tenant' | 'log'>,
  { id, work, wait, code = 200 }: Command,
): Promise<FastifyReply> {
  if (wait === undefined) return reply.code(code).send(await work)
  const ms = Math.min(longestMs, durationMs(wait) ?? 0)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late')
  })
  work.catch((error: unknown) => {
    if (reply.sent) log.logger.warn({ rule: id, err: error }, 'what was not waited for failed')
  })
  const isDone = (await Promise.race([work, late])) !== 'late'
  clearTimeout(timer)
  const body = outcomeBody(id, await rules.standing(tenant, id), isDone)
  return reply.code(isDone ? code : 202).send(body)
}

function outcomeSchema() {
  return {
    type: 'object',
    properties: {
      id: { type: 'string' },
      status: { type: 'string', description: 'running, stopped, stopped by error, …' },
      message: { type: 'string', description: 'Why, in one line' },
      done: { type: 'boolean', description: 'false: it is still under way' },
    },
  }
}
