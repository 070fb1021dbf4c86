import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { Analyst } from '#src/functions/declaration.ts'
import type { Predicate, Value } from './compiled.ts'
import { Constants } from './constants.ts'
import { type CellSlots, isMisfit, type Layout, laneReader, layoutOf } from './layout.ts'
import type { Row } from './operator.ts'

/** A call of an analytic function, compiled. */
export interface AnalyticColumn {
  readonly analyst: Analyst<unknown>
  readonly args: readonly Value[]
  readonly partition: readonly Value[]
  readonly when?: Predicate | undefined
  readonly as: string
  /** Under which its state is kept; the same after a change of the rule when the call is the same. */
  readonly name: string
  /** Calls with one such name are partitioned alike. */
  readonly partitionName: string
}

export interface PartitionFunctions {
  readonly layout: Layout
  /**
   * Takes a row into the states of all calls and writes the value of each into `made`.
   * @returns false when a value fits no lane any more: nothing has changed but the layout
   */
  readonly step: (row: Row, slot: number, held: CellSlots, made: Row) => boolean
}

/**
 * Generated code, each call in lines of its own: so every call site sees one function. Nothing of a statement gets into it
 * but the names of hidden columns, as JSON literals.
 */
export function partitionFunctions(
  columns: readonly AnalyticColumn[],
  boxed: ReadonlySet<number>,
): PartitionFunctions {
  const analysts = columns.map(({ analyst }) => analyst)
  const layout = layoutOf(analysts, boxed)
  const constants = new Constants()
  /** All arguments first: a row of which one fails touches no state. */
  const before: string[] = []
  const shared = new Map<Value, string>()
  const lines = columns.map(({ analyst, args, when, as }, i) => {
    if (when !== undefined) before.push(`const w${i} = ${constants.add(when)}(row) === true`)
    const values = args.map((value, j) => {
      const known = when === undefined ? shared.get(value) : undefined
      if (known !== undefined) return known
      const name = `a${i}_${j}`
      if (when === undefined) shared.set(value, name)
      const guard = when === undefined ? '' : `!w${i} ? null : `
      before.push(`const ${name} = ${guard}${constants.add(value)}(row)`)
      return name
    })
    const target = `made[${JSON.stringify(as)}]`
    const offset = layout.offsets[i] ?? -1
    if (offset >= 0) {
      const [value] = values
      return laneLines(analyst, {
        offset,
        value: value ?? 'null',
        target,
        call: i,
        when,
        before,
        constants,
      })
    }
    const own = constants.add(analyst)
    const state = `boxed[${i}][slot]`
    const step = `${own}.step(${[state, ...values].join(', ')})`
    return `${target} = ${when === undefined ? step : `w${i} ? ${step} : ${own}.peek(${state})`}`
  })
  const body = `'use strict'
  ${constants.text}
  return (row, slot, held, made) => {
    ${before.join('\n    ')}
    const { boxed, numbers } = held, base = slot * ${layout.width}
    let result
    ${lines.join('\n    ')}
    return true
  }`
  return { layout, step: new FunctionConstructor('constants', body)(constants.values) }
}

interface LaneCall {
  readonly offset: number
  readonly value: string
  readonly target: string
  readonly call: number
  readonly when: unknown
  readonly before: string[]
  readonly constants: Constants
}

function laneLines({ lanes }: Analyst<unknown>, own: LaneCall): string {
  const { offset, value, target, call, when, before, constants } = own
  if (lanes === undefined) return ''
  const lane = laneReader(offset)
  if (lanes.takesAny !== true) {
    before.push(`if (${isMisfit(value)}) return held.box([${call}])`)
  }
  const peek = lanes.peek(lane)
  const isNull = `${value} === null || ${value} === undefined`
  const refused =
    lanes.refuse === undefined
      ? ''
      : `if (${when === undefined ? '' : `w${call} && `}(${isNull})) ${constants.add(lanes.refuse)}()\n`
  return `${refused}if (${isNull}) ${target} = ${peek}
    else { ${lanes.step(lane, value, 'result')}; ${target} = result }`
}
