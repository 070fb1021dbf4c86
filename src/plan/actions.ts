import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { encodeOptions } from './encode-options.ts'
import { RuleError } from './errors.ts'
import type { Extensions } from './extensions.ts'
import type { ActionPlan } from './plan.ts'
import type { PluginList } from './plugin-list.ts'

/** One sink with its properties; the rule's `actions`, flattened. */
export interface ActionRequest {
  readonly type: string
  readonly props: Readonly<Record<string, unknown>>
}

/** @throws RuleError for an action that nobody can carry out */
export function planActions(
  actions: readonly ActionRequest[],
  extensions: Extensions,
  plugins: PluginList,
): readonly ActionPlan[] {
  if (actions.length === 0) {
    throw new RuleError('missing-actions', 'missing rule actions', 'add one such as {"log": {}}')
  }
  return actions.map(({ type, props }, index): ActionPlan => {
    const encode = encodeOptions(type, props)
    if (extensions.isBuiltIn('sink', type)) {
      checkDynamic(type, props)
      return { index, type, encode }
    }
    const extension = extensions.plugin('sink', type)
    if (extension === undefined) {
      const near = nearest(type, extensions.names('sink'))
      const hint = didYouMean(near, 'install the plugin that brings it')
      throw new RuleError('unknown-action', `unknown action "${type}"`, hint)
    }
    return { index, type, encode, plugin: plugins.add(extension.use), props }
  })
}

/** Properties that are a template for each row: taken literally they would send to the wrong place. */
function checkDynamic(type: string, props: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(props)) {
    if (name === 'dataTemplate' || typeof value !== 'string' || !value.includes('{{')) continue
    throw new RuleError(
      'not-supported',
      `action ${type}: a template in ${name} is not supported yet`,
    )
  }
}
