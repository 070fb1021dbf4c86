import { FunctionConstructor } from '#src/expressions/captured.ts'
import { Constants } from '#src/operators/constants.ts'
import type { AggregateColumn, GroupColumns } from '#src/operators/group-columns.ts'
import { type Layout, laneReader } from '#src/operators/layout.ts'
import type { Area } from './areas.ts'

/** Functions on accumulators that stand in areas of one layout. */
export interface MergeFunctions {
  readonly layout: Layout
  /** Accumulators that say what those do, and that nothing changes but what is done to them. */
  readonly set: (area: Area, position: number, from: Area, at: number) => void
  /** Joins newer accumulators into older ones. */
  readonly merge: (older: Area, position: number, newer: Area, from: number) => void
}

/** A call whose accumulators can be joined, and its number among all. */
export interface MergedCall {
  readonly call: AggregateColumn
  readonly number: number
}

/** The bodies of `set` and `merge`, over `area`, `position`, `from` and `at`. */
export function mergeLines(
  calls: readonly MergedCall[],
  layout: Layout,
  constants: Constants,
): { readonly set: readonly string[]; readonly merge: readonly string[] } {
  const offsetOf = ({ number }: MergedCall) => layout.offsets[number] ?? -1
  const laned = calls.filter((call) => offsetOf(call) >= 0)
  const boxed = calls.filter((call) => offsetOf(call) < 0)
  const bases = [
    `const { numbers } = area, base = position * ${layout.width}`,
    `const newer = from.numbers, other = at * ${layout.width}`,
  ]
  const merged = laned.map((own) => {
    const fresh = (lane: number) => `newer[other + ${offsetOf(own) + lane}]`
    return `{ ${own.call.aggregator.lanes?.merge?.(laneReader(offsetOf(own)), fresh)} }`
  })
  const joined = (older: (place: string, aggregator: string) => string) =>
    boxed.map(({ call, number }) => {
      const aggregator = constants.add(call.aggregator)
      const place = `area.boxed[${number}][position]`
      return `${place} = ${aggregator}.merge(${older(place, aggregator)}, from.boxed[${number}][at])`
    })
  return {
    set: [
      ...bases,
      ...layout.init.map((_, i) => `numbers[base + ${i}] = newer[other + ${i}]`),
      ...joined((_, aggregator) => `${aggregator}.init()`),
    ],
    merge: [...bases, ...merged, ...joined((place) => place)],
  }
}

/** For columns all of which are joined. */
export function mergeFunctions({ calls }: GroupColumns, layout: Layout): MergeFunctions {
  const constants = new Constants()
  const all = calls.map((call, number) => ({ call, number }))
  const { set, merge } = mergeLines(all, layout, constants)
  const text = `'use strict'
    ${constants.text}
    return {
      set(area, position, from, at) { ${set.join('\n')} },
      merge(area, position, from, at) { ${merge.join('\n')} },
    }`
  return { layout, ...new FunctionConstructor('constants', text)(constants.values) }
}
