import type { RuleSpec } from '../cell.ts'
import type { Tier } from '../workers/bundle.ts'

/** What kind of worker a rule needs: that of the plugin with the most powers. */
export function tierOf({ plan }: RuleSpec): Tier {
  if (plan.plugins.some(({ tier }) => tier === 'trusted')) return 'trusted'
  return plan.plugins.length > 0 ? 'sandboxed' : 'bare'
}
