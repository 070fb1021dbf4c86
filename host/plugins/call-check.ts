import { HostError, textOf } from '#host/errors.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'
import { pluginCalls } from '#src/plan/plugin-calls.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import type { Inspection } from './installed.ts'
import type { InstallerOptions } from './installer.ts'

export interface CallCheckParts {
  /** What is known of an extension that is installed. */
  inspection(use: PluginUse): Inspection
  load(use: PluginUse): Promise<PluginCode>
  readonly inspect: InstallerOptions['inspect']
}

/**
 * Asks the functions of plugins, in a worker of their tier that is ended afterwards, whether a rule calls them as they want
 * to be called. One that has no `validate` costs nothing.
 *
 * @throws HostError `bad-rule` with what the function says, or that it did not answer in time
 */
export async function checkCalls(plan: Plan, parts: CallCheckParts): Promise<void> {
  const calls = pluginCalls(plan)
  const asked = plan.plugins.flatMap((use, plugin) => {
    const own = calls.filter((call) => call.plugin === plugin).map(({ args }) => args)
    return own.length === 0 || parts.inspection(use).validates === false ? [] : [{ use, own }]
  })
  if (asked.length === 0) return
  const tier = asked.some(({ use }) => use.tier === 'trusted') ? 'trusted' : 'sandboxed'
  const codes = await Promise.all(asked.map(({ use }) => parts.load(use)))
  const args = asked.map(({ own }) => own)
  await parts.inspect(codes, tier, args).catch((error: unknown) => {
    throw new HostError('bad-rule', textOf(error), { cause: error })
  })
}
