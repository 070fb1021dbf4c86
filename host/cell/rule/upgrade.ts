import { isDeepStrictEqual } from 'node:util'
import { CellError, type RuleSpec } from '../cell.ts'
import type { RulePool } from '../workers/pool.ts'
import { until } from './deadline.ts'
import { keepLastState } from './last-state.ts'
import type { RuleParts } from './rule-parts.ts'
import type { Resets } from './rule-sources.ts'
import { tierOf } from './tier.ts'

export interface UpgradeOptions {
  readonly parts: RuleParts
  readonly next: RuleSpec
  /** A worker for a start. */
  take(): Promise<RulePool>
  /** One of those is gone. */
  release(): void
  /** No worker is there: what the last one has reported of itself counts no more. */
  gone?(): void
}

/** ms for what is under way to be answered, and for the sinks to take what was emitted. */
const SETTLE_MS = 5000

/**
 * Moves a rule that runs to other versions of its plugins: nothing is fed, a checkpoint is taken and committed, the worker's
 * place is taken by another one that goes on from it. Sources and sinks of the host stay open, so that what comes meanwhile
 * waits in their buffers. Where the new versions do not open, a worker with the old ones goes on from the same checkpoint.
 *
 * @throws CellError `not-swapped`: the rule runs on as it was, and can be moved by a stop and a start only; any other error
 * is why the new versions did not open, and the rule has its old ones again
 */
export async function upgrade(options: UpgradeOptions): Promise<void> {
  const { parts, next } = options
  const old = parts.keeper.rule
  if (!hasShapeOf(old, next)) throw notSwapped(old, 'more than the versions of its plugins differs')
  await swap(options)
}

export interface SwapOptions extends UpgradeOptions {
  readonly resets?: Resets | undefined
  /** A checkpoint is there, and the old worker goes. */
  leaving?(): void
  /** The old worker is gone, with what it still wrote. */
  left?(): Promise<void>
  /** The next worker is open, and nothing was fed to it yet: with what this throws it gives way to the old one. */
  entered?(): Promise<void>
  /** The next worker is gone again, and the old one's successor not there yet. */
  undone?(): void
}

/** @throws CellError `not-swapped`, or why the next worker did not open; the rule runs on as it was in both cases */
export async function swap(options: SwapOptions): Promise<void> {
  const { parts, next, take, release, resets } = options
  const { keeper, checkpointer } = parts
  const old = keeper.rule
  const pool = await take()
  try {
    await rest(parts)
  } catch (error) {
    void pool.destroy()
    release()
    keeper.goOn()
    throw notSwapped(old, error instanceof Error ? error.message : String(error))
  }
  const state = checkpointer.last
  const leave = async () => {
    await keeper.leave()
    release()
    options.gone?.()
  }
  options.leaving?.()
  await leave()
  try {
    await options.left?.()
    await keeper.enter(next, pool, state, resets)
    await options.entered?.()
  } catch (error) {
    void pool.destroy()
    await leave()
    options.undone?.()
    // where the old ones do not open either, that is seen to as after a worker's death
    await keeper.enter(old, await take(), state).catch(() => {})
    throw error
  } finally {
    keeper.settle()
    keeper.goOn()
  }
}

/** Nothing is under way any more, and a checkpoint has all of it. */
async function rest(parts: RuleParts): Promise<void> {
  const { keeper } = parts
  keeper.pause()
  if (!(await until(() => keeper.isAnswered, SETTLE_MS)))
    throw new CellError('deadline', 'its worker does not answer what it was given')
  await keepLastState(parts, SETTLE_MS)
  if (!keeper.isAnswered) throw new CellError('worker-died', 'its worker has died')
}

/** They differ in nothing but the versions of plugins and their code. */
function hasShapeOf(old: RuleSpec, next: RuleSpec): boolean {
  return tierOf(old) === tierOf(next) && isDeepStrictEqual(shapeOf(old), shapeOf(next))
}

function shapeOf({ plan, sources, actions, options, deadLetter, props }: RuleSpec) {
  // a source that begins to go back, or ceases to, has a spool no longer, or has one
  const plugins = plan.plugins.map(({ kind, name, package: from, tier, rewinds = false }) => [
    kind,
    name,
    from,
    tier,
    rewinds,
  ])
  return { plan: { ...plan, plugins }, sources, actions, options, deadLetter, props }
}

function notSwapped({ rule }: RuleSpec, why: string): CellError {
  return new CellError('not-swapped', `rule "${rule}" runs on as it was: ${why}`)
}
