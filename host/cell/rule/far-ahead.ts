import type { RuleSpec, StoredCheckpoint } from '../cell.ts'
import type { Feeder } from './feeder.ts'
import type { RuleSources } from './rule-sources.ts'

/** Tuples of a source that no checkpoint covers, about. */
const MAX_UNCOVERED = 1_000_000

/** So many tuples were read since this checkpoint that a new one is due: a successor would read them all again. */
export function isFarAhead(
  { options: { qos, checkpointIntervalMs } }: RuleSpec,
  { sources, feeder }: { readonly sources: RuleSources; readonly feeder: Feeder },
  checkpoint: StoredCheckpoint | undefined,
): boolean {
  if (qos === 0 || checkpointIntervalMs <= 0) return false
  return [...sources.all.keys()].some((index) => {
    const covered = checkpoint?.sources[index]?.sequence ?? sources.after(index) ?? 0
    return feeder.acknowledged(index) - covered >= MAX_UNCOVERED
  })
}
