import type { Plan, PlanNode } from '#src/plan/plan.ts'

/**
 * Whether what a rule makes of its rows depends on when they arrived: windows by the clock, batches that linger, several
 * streams that are brought into one order. Its rows have to keep their arrival times then, or what is made again after a
 * crash would be other payloads under the same numbers.
 */
export function goesByArrival({ root, sources, settings, actions }: Plan): boolean {
  if (actions.some(({ encode }) => (encode.batch?.lingerMs ?? 0) > 0)) return true
  if (settings.isEventTime) return false
  return sources.filter(({ kind }) => kind === 'stream').length > 1 || hasTimedWindow(root)
}

function hasTimedWindow(node: PlanNode): boolean {
  const isWindow = node.type === 'window'
  const spec = isWindow ? node.spec : node.type === 'aggregate' ? node.window : undefined
  if (spec !== undefined && spec.window !== 'count' && spec.window !== 'state') return true
  return 'input' in node && hasTimedWindow(node.input)
}
