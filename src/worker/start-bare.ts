import { EngineError } from '#src/errors.ts'
import type { RunningFlow, StartFlow } from './rule-task.ts'

/** Starts a flow that uses no plugin. */
export const startBare: StartFlow = async (_id, params): Promise<RunningFlow> => {
  throw new EngineError('bad-plan', `rule "${params.plan.ruleId}" cannot run in this worker`)
}
