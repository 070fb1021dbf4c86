import { Constants } from '#src/operators/constants.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import type { Layout } from '#src/operators/layout.ts'
import {
  type CapturedCall,
  type CapturedFunctions,
  capturedFunctions,
  isJoined,
} from './captured-code.ts'

/** Which columns there are, whatever the layout. */
export interface CapturedColumns {
  /** How many columns there are. */
  readonly width: number
  /** Which column holds what `first` asks for, in its order. */
  readonly first: readonly number[]
  /** Which column holds the copies of rows. */
  readonly keepFirst: number | undefined
  readonly hasOthers: boolean
  functions(layout: Layout): CapturedFunctions
}

/**
 * What calls read of a row is evaluated once, when it comes, and kept in columns; the same value asked for twice is kept
 * once.
 * @param keyed whether rows are numbered
 */
export function capturedColumns(columns: GroupColumns, keyed: boolean): CapturedColumns {
  const constants = new Constants()
  const places = new Map<unknown, number>()
  const values: string[] = []
  const capture = (value: unknown, text: string): number => {
    const known = places.get(value)
    if (known !== undefined) return known
    places.set(value, values.length)
    return values.push(text) - 1
  }
  const calls = columns.calls.map((call, number): CapturedCall => {
    const { filter } = call
    const passes = filter && capture(filter, `${constants.add(filter)}(row) === true`)
    const args = call.args.map((value) => {
      // An argument behind a filter is not evaluated where that does not pass, so it is that call's own.
      const guard = passes === undefined ? '' : `!v${passes} ? undefined : `
      const known = passes === undefined ? value : {}
      return capture(known, `${guard}${constants.add(value)}(row)`)
    })
    return { call, number, args, passes }
  })
  const { first, keepFirst } = columns
  const firsts = first.map(({ value }) => capture(value, `${constants.add(value)}(row)`))
  const kept = keepFirst && capture(keepFirst, `${constants.add(keepFirst)}(row)`)
  const key = columns.keys.map(({ value }) => `${constants.add(value)}(row)`)
  const own = { constants, values, key, calls, keyed }
  return {
    width: values.length,
    first: firsts,
    keepFirst: kept,
    hasOthers: columns.calls.some((call) => !isJoined(call)),
    functions: (layout) => capturedFunctions(own, layout),
  }
}
