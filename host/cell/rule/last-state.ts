import { within } from './deadline.ts'
import type { RuleParts } from './rule-parts.ts'

/**
 * Nothing is fed any more: lets leave what lingers before the sinks, and keeps the state behind it.
 *
 * @param ms for each commit
 */
export async function keepLastState(
  { keeper, checkpointer }: RuleParts,
  ms: number,
): Promise<void> {
  const { actions } = keeper.rule.plan
  const mayLinger = actions.some(({ encode }) => encode.batch !== undefined)
  if (mayLinger) await checkpointer.cut(() => keeper.flush(), ms)
  await within(checkpointer.take(), ms, 'waiting for its sinks')
}
