import type { GroupColumns } from './group-columns.ts'
import type { Batch, OperatorContext, Row } from './operator.ts'

/** What a window says in which no row came. @param bounds its hidden columns */
export function emptyEmission(time: number, bounds: Row): Batch {
  return { rows: [], times: [], empty: { time, bounds } }
}

/**
 * What an aggregation makes of no rows: a row where there are aggregates, no rows where there are none, and nothing behind
 * dimensions, for there is no group.
 */
export function aggregateNothing(
  columns: GroupColumns,
  { time, bounds }: { readonly time: number; readonly bounds: Row },
  context: OperatorContext,
): Batch | undefined {
  if (columns.keys.length > 0) return undefined
  if (columns.calls.length === 0) return emptyEmission(time, bounds)
  try {
    return { rows: [{ ...valuesOfNothing(columns), ...bounds }], times: [time] }
  } catch (error) {
    context.rowError(error, time)
    return undefined
  }
}

/** Aggregates give what they give for nothing; a collection without elements is null. */
function valuesOfNothing({ calls, first }: GroupColumns): Row {
  const members: [string, unknown][] = first.map(({ as }) => [as, null])
  for (const call of calls) {
    for (const { aggregator, as } of [call, ...(call.also ?? [])]) {
      const value = aggregator.result(aggregator.init())
      members.push([as, isNothing(value) ? null : value])
    }
  }
  return Object.fromEntries(members)
}

function isNothing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}
