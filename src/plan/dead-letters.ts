import type { ActionRequest } from './actions.ts'
import { ownProps, unknownSink } from './actions.ts'
import type { Extensions } from './extensions.ts'
import type { DeadLetterPlan } from './payload-options.ts'
import type { PluginList } from './plugin-list.ts'

/** `{"file": {…}}`: one sink with its properties. */
export type DeadLetterRequest = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/**
 * The sinks for dead letters that plugins bring, of actions and of the rule; those of the host's are no affair of the plan.
 *
 * @throws RuleError for a sink that there is not
 */
export function planDeadLetters(
  { actions, deadLetter }: { actions: readonly ActionRequest[]; deadLetter?: unknown },
  extensions: Extensions,
  plugins: PluginList,
): readonly DeadLetterPlan[] {
  const ofActions = actions.map(({ props }, action) => ({ action, named: props.deadLetter }))
  return [...ofActions, { action: undefined, named: deadLetter }].flatMap(({ action, named }) => {
    const [type, props] = Object.entries((named ?? {}) as DeadLetterRequest)[0] ?? []
    if (type === undefined || extensions.isBuiltIn('sink', type)) return []
    const extension = extensions.plugin('sink', type)
    if (extension === undefined)
      throw unknownSink(`sink "${type}" for dead letters`, type, extensions)
    return [{ action, plugin: plugins.add(extension.use), props: ownProps(props ?? {}) }]
  })
}
