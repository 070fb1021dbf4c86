import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { CellError, type StreamReset } from '../cell.ts'
import { within } from './deadline.ts'
import { isShared } from './going-back.ts'
import type { RuleParts } from './rule-parts.ts'
import type { Resets } from './rule-sources.ts'
import { swap, type UpgradeOptions } from './upgrade.ts'

export interface SourceResetOptions extends Omit<UpgradeOptions, 'next'> {
  readonly reset: StreamReset
}

/** ms for what a plugin has written to come into its spool. */
const SETTLE_MS = 5000

/**
 * A plugin's source goes on from where an operator says. As in an upgrade another worker takes over, with the same versions;
 * there `resetOffset` is called instead of `rewind`. What its last life has brought and the rule has not read is left out, in
 * a buffer and in a spool. Before anything new is read a checkpoint knows of the new place: whatever dies afterwards goes back
 * to that one, and payloads that were numbered since are numbered the same way again.
 */
export async function resetSource(options: SourceResetOptions): Promise<void> {
  const { parts, reset } = options
  const { keeper, checkpointer, sources } = parts
  const numbers = sourcesOf(parts, reset.stream)
  const resets: Resets = new Map(numbers.map((index) => [index, reset.input]))
  const held = numbers.flatMap((index) => sources.all[index] ?? [])
  const leaving = () => {
    for (const source of held) source.drop()
  }
  const left = async () => {
    for (const source of held) source.hold()
    const settled = Promise.all(held.map((source) => source.settled()))
    await within(settled, SETTLE_MS, 'writing the spool')
  }
  const entered = async () => {
    const before = checkpointer.last
    try {
      await checkpointer.take()
    } catch (error) {
      // one that was taken by the clock may know of it already
      if (checkpointer.last === before) throw error
    }
    for (const index of numbers) {
      if (sources.all[index]?.spooled !== undefined) keeper.feeder.renew(index)
    }
    for (const source of held) source.release(true)
  }
  const undone = () => {
    for (const source of held) source.release(false)
  }
  const next = keeper.rule
  try {
    await swap({ ...options, next, resets, leaving, left, entered, undone })
  } catch (error) {
    if (error instanceof CellError) throw error
    const { type = '' } = next.sources[numbers[0] ?? 0] ?? {}
    const who = `source "${type}" of stream "${reset.stream}"`
    const why = error instanceof Error ? error.message : String(error)
    const text = `rule "${next.rule}" runs on as before, ${who} was not reset: ${why}`
    throw new CellError('not-resettable', text, { cause: error })
  }
}

/** The numbers of a stream's sources in the rule. @throws CellError why their place is not an operator's to say */
function sourcesOf({ keeper }: RuleParts, stream: string): number[] {
  const { rule } = keeper
  const name = `rule "${rule.rule}"`
  const numbers = [...rule.sources.keys()].filter((i) => rule.sources[i]?.stream === stream)
  if (numbers.length === 0) {
    const known = [...new Set(rule.sources.map((source) => source.stream))]
    const hint = didYouMean(nearest(stream, known), `it reads ${known.join(', ')}`)
    throw new CellError('unknown-stream', `${name} reads no stream "${stream}"; ${hint}`)
  }
  for (const index of numbers) {
    const why = refusal(keeper, index)
    if (why === undefined) continue
    throw new CellError('not-resettable', `${name}: stream "${stream}" ${why}`)
  }
  return numbers
}

function refusal({ rule, resettable }: RuleParts['keeper'], index: number): string | undefined {
  const spec = rule.sources[index]
  const { kind, plugin } = rule.plan.sources[index] ?? {}
  const type = spec?.type ?? ''
  if (kind === 'lookup') return 'is a lookup table, which has no place to go on from'
  if (plugin === undefined) {
    const isOfAll = spec !== undefined && isShared(rule, spec, index)
    return (
      `has the built-in source "${type}"${isOfAll ? ', shared by several rules' : ''}, ` +
      'whose place cannot be set; only sources of plugins that have resetOffset go on from where you say'
    )
  }
  if (resettable.includes(index)) return undefined
  const { package: from = '' } = rule.plan.plugins[plugin] ?? {}
  return (
    `has source "${type}" of plugin ${from}, which has no resetOffset beside getOffset and rewind; ` +
    "add it to the plugin, or begin anew with the rule's whole state: PUT reset_state without a body"
  )
}
