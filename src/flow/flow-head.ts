import { EngineError } from '#src/errors.ts'
import { isAbsorber } from '#src/operators/absorber.ts'
import { ArrivalMerge } from '#src/operators/arrival-merge.ts'
import type { Intake } from '#src/operators/intake.ts'
import { keyer } from '#src/operators/keyed-row.ts'
import { Merge } from '#src/operators/merge.ts'
import type { OperatorContext, OperatorId } from '#src/operators/operator.ts'
import { type LateRow, Watermark } from '#src/operators/watermark.ts'
import type { PlanExpression } from '#src/plan/expression.ts'
import type { SourceNode, SourcePlan } from '#src/plan/plan.ts'
import type { Compilation } from './compilation.ts'
import { sourceDecoder } from './decode/source-decoder.ts'
import type { OperatorBook } from './operator-book.ts'
import { mayWait } from './plugin-columns.ts'
import { metaWriter, rowTime } from './row-stamps.ts'
import { absorbing, batching, keying, queueing, type RowTarget } from './row-target.ts'
import { SourceStage } from './source-stage.ts'

const BATCH_ROWS = 1024

/** One source on its way into a flow: its contexts are made first, so that operators are numbered in plan order. */
export interface HeadSource {
  readonly node: SourceNode
  readonly plan: SourcePlan
  readonly source: OperatorContext
  readonly decode: OperatorContext
  readonly where: OperatorContext | undefined
}

export function headSource(node: SourceNode, to: Compilation, book: OperatorBook): HeadSource {
  const plan = to.plan.sources[node.source]
  if (plan === undefined) {
    const { ruleId } = to.plan
    throw new EngineError('bad-plan', `rule "${ruleId}": there is no source ${node.source}`)
  }
  return {
    node,
    plan,
    source: book.source(plan.stream),
    decode: book.operator('decoder'),
    where: pushedFilter(node) && book.operator('filter'),
  }
}

/**
 * What brings the rows of all sources into one order; `undefined` for one source in processing time, whose rows have
 * their order already.
 * @param late told of every row that came behind the watermark
 */
export function addIntake(
  sources: readonly HeadSource[],
  to: Compilation,
  late: (row: LateRow) => void,
): Intake | undefined {
  const { settings } = to.plan
  const { isEventTime, lateToleranceMs, idleTimeoutMs, maxDriftMs } = settings
  const numbers = sources.map(({ node }) => node.source)
  const tables = sources.filter(({ plan }) => plan.kind === 'table').map(({ node }) => node.source)
  const inputs = sources.map(({ node }) => node.id).join(',')
  const id = `merge(${inputs})` as OperatorId
  if (!isEventTime) {
    if (sources.length === 1) return undefined
    const options = { sources: numbers, tables, batchRows: BATCH_ROWS }
    return to.add('merge', (context) => new Merge(id, options, context))
  }
  const merge =
    sources.length === 1
      ? undefined
      : to.add('merge', (context) => new ArrivalMerge(id, { sources: numbers, tables }, context))
  const streams = sources.filter(({ plan }) => plan.kind === 'stream')
  const options = {
    streams: streams.map(({ node }) => node.source),
    lateToleranceMs,
    batchRows: BATCH_ROWS,
    idleTimeoutMs,
    maxDriftMs,
    late,
  }
  const own = `watermark(${lateToleranceMs};${inputs})` as OperatorId
  const watermark = to.add('watermark', (context) => new Watermark(own, options, context))
  merge?.lead(watermark)
  return merge ?? watermark
}

/** The stage that feeds the first operator, after all operators were linked. */
export function sourceStage(
  { node, plan, source, decode, where }: HeadSource,
  intake: Intake | undefined,
  to: Compilation,
): SourceStage {
  const { isEventTime, timeZone } = to.plan.settings
  const pushed = pushedFilter(node)
  const predicate = pushed && to.expressions.compilePredicate(pushed)
  return new SourceStage({
    decoder: sourceDecoder(plan, { timeZone }),
    filter: predicate && where && { predicate, context: where },
    target: keyedTarget(node, intake, to),
    timeOf: rowTime(plan, { isEventTime, timeZone }),
    timeAs: plan.timeAs,
    writeMeta: metaWriter(plan),
    source,
    decode,
  })
}

/** A filter that calls plugins may have to wait, which the source stage cannot. */
function pushedFilter({ filter }: SourceNode): PlanExpression | undefined {
  return filter === undefined || mayWait(filter) ? undefined : filter
}

/** Behind a merge node rows are keyed by their source. */
function keyedTarget(node: SourceNode, intake: Intake | undefined, to: Compilation): RowTarget {
  const target = rowTarget(node, intake, to)
  const { names } = to
  const own = to.plan.sources[node.source]?.name
  return names === undefined || own === undefined ? target : keying(target, keyer(names, own))
}

function rowTarget(node: SourceNode, intake: Intake | undefined, to: Compilation): RowTarget {
  if (intake !== undefined) return queueing(intake, node.source)
  const [first] = to.operators
  if (first === undefined) {
    throw new EngineError('bad-plan', `rule "${to.plan.ruleId}": nothing follows the source`)
  }
  return isAbsorber(first) ? absorbing(first, BATCH_ROWS) : batching(first, BATCH_ROWS)
}
