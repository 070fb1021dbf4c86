import { FunctionConstructor } from '#src/expressions/captured.ts'
import { Constants } from '#src/operators/constants.ts'
import type { AggregateColumn } from '#src/operators/group-columns.ts'
import { isMisfit, type Layout } from '#src/operators/layout.ts'
import type { Row } from '#src/operators/operator.ts'
import type { Area } from './areas.ts'
import { type MergeFunctions, mergeLines } from './merge-code.ts'
import type { Taker } from './segments.ts'

/** Functions that are generated for the calls of a statement in one layout; `others` are calls that are not joined. */
export interface CapturedFunctions extends MergeFunctions {
  /**
   * Adds a row to the rows of its key. Throws what its expressions throw, and then nothing has changed.
   * @returns false when a value fits no lane any more: nothing has changed but the layout
   */
  readonly take: (to: Taker, row: Row, time: number, sequence: number) => boolean
  readonly init: (area: Area, position: number) => void
  /** Takes rows into the accumulators in a position. */
  readonly fold: (
    area: Area,
    position: number,
    columns: readonly unknown[][],
    from: number,
    to: number,
  ) => void
  /** For each row from `from` on, the accumulators of it and all behind it up to `to`, by the row's number within its block. */
  readonly foldTails: (
    area: Area,
    columns: readonly unknown[][],
    first: number,
    from: number,
    to: number,
  ) => void
  /** Makes the accumulators of the others anew. */
  readonly initOthers: (area: Area, position: number) => void
  readonly foldOthers: CapturedFunctions['fold']
}

/** Whether accumulators of neighbouring rows can be joined; of other calls they are made anew for each emission. */
export function isJoined({ aggregator }: AggregateColumn): boolean {
  return aggregator.merge !== undefined && !aggregator.grows
}

/** What a call reads of a captured row. */
export interface CapturedCall {
  readonly call: AggregateColumn
  readonly number: number
  readonly args: readonly number[]
  readonly passes: number | undefined
}

/** What columns there are, and what is captured in them. */
export interface Captured {
  readonly constants: Constants
  readonly values: readonly string[]
  readonly key: readonly string[]
  readonly calls: readonly CapturedCall[]
  readonly keyed: boolean
}

export function capturedFunctions(own: Captured, layout: Layout): CapturedFunctions {
  const { values, key, keyed } = own
  const constants = new Constants(own.constants.values)
  const joined = own.calls.filter(({ call }) => isJoined(call))
  const others = own.calls.filter(({ call }) => !isJoined(call))
  const offsetOf = ({ number }: CapturedCall) => layout.offsets[number] ?? -1
  const boxed = joined.filter((call) => offsetOf(call) < 0)
  const laned = joined.filter((call) => offsetOf(call) >= 0)
  const looks = laned.flatMap(({ call, number, args }) => {
    const [arg] = args
    if (arg === undefined || call.aggregator.lanes?.takesAny === true) return []
    return `if (${isMisfit(`v${arg}`)}) return to.box([${number}])`
  })
  const initBoxed = (calls: readonly CapturedCall[]) =>
    calls.map(({ call, number }) => {
      return `area.boxed[${number}][position] = ${constants.add(call.aggregator)}.init()`
    })
  const merged = mergeLines(joined, layout, constants)
  const bases = `const { numbers } = area, base = position * ${layout.width}`
  const lines = {
    init: [
      bases,
      ...layout.init.map((value, i) => `numbers[base + ${i}] = ${value}`),
      ...initBoxed(boxed),
    ],
    foldTails: [
      tailLoop(
        laned.map((call) => laneFold(call, offsetOf(call))),
        layout,
        boxed,
        constants,
      ),
    ],
    fold: [
      bases,
      foldLoop([
        ...laned.map((call) => laneFold(call, offsetOf(call))),
        ...boxed.map((call) => boxedFold(call, constants)),
      ]),
    ],
    initOthers: initBoxed(others),
    foldOthers: [foldLoop(others.map((call) => boxedFold(call, constants)))],
  }
  const text = `'use strict'
    ${constants.text}
    const none = []
    return {
      take(to, row, time, sequence) {
        ${values.map((value, i) => `const v${i} = ${value}`).join('\n')}
        ${looks.join('\n')}
        const segment = to.find(${key.length === 0 ? 'none' : `[${key.join(', ')}]`}).grow()
        const { columns } = segment
        const at = segment.count++
        segment.times[at] = time
        ${keyed ? 'segment.sequences[at] = sequence' : ''}
        ${values.map((_, i) => `columns[${i}][at] = v${i}`).join('\n')}
        return true
      },
      set(area, position, from, at) { ${merged.set.join('\n')} },
      foldTails(area, columns, first, from, to) { ${lines.foldTails.join('\n')} },
      init(area, position) { ${lines.init.join('\n')} },
      merge(area, position, from, at) { ${merged.merge.join('\n')} },
      fold(area, position, columns, from, to) { ${lines.fold.join('\n')} },
      initOthers(area, position) { ${lines.initOthers.join('\n')} },
      foldOthers(area, position, columns, from, to) { ${lines.foldOthers.join('\n')} },
    }`
  return { layout, ...new FunctionConstructor('constants', text)(constants.values) }
}

/** How a call takes row `i`, which columns it reads, and what goes before and behind the loop. */
interface Fold {
  readonly columns: readonly number[]
  readonly before: string
  readonly line: string
  readonly after: string
}

function boxedFold({ call, number, args, passes }: CapturedCall, constants: Constants): Fold {
  const list = args.map((place) => `, c${place}[i]`).join('')
  const add = `a${number} = ${constants.add(call.aggregator)}.add(a${number}${list})`
  return {
    columns: passes === undefined ? args : [passes, ...args],
    before: `let a${number} = area.boxed[${number}][position]`,
    line: passes === undefined ? add : `if (c${passes}[i]) ${add}`,
    after: `area.boxed[${number}][position] = a${number}`,
  }
}

/** Lanes are variables within the loop. */
function laneFold(own: CapturedCall, offset: number): Fold {
  const { call, args, passes } = own
  const { lanes } = call.aggregator
  const numbers = (lanes?.init ?? []).map((_, i) => offset + i)
  const [arg] = args
  const value = arg === undefined ? '0' : `x${own.number}`
  const add = lanes?.add((lane) => `n${offset + lane}`, value) ?? ''
  const read = arg === undefined ? '' : `const ${value} = c${arg}[i]\n`
  const test =
    arg === undefined
      ? undefined
      : lanes?.takesAny === true
        ? `${value} !== null && ${value} !== undefined`
        : `typeof ${value} === 'number'`
  const tests = [passes === undefined ? undefined : `c${passes}[i]`, test].filter(
    (condition) => condition !== undefined,
  )
  return {
    columns: passes === undefined ? args : [passes, ...args],
    before: numbers.map((i) => `let n${i} = numbers[base + ${i}]`).join('\n'),
    line: `${read}${tests.length === 0 ? '' : `if (${tests.join(' && ')})`} { ${add} }`,
    after: numbers.map((i) => `numbers[base + ${i}] = n${i}`).join('\n'),
  }
}

/** A loop over rows; what it works on is held in variables of its own. */
function foldLoop(folds: readonly Fold[]): string {
  if (folds.length === 0) return ''
  const columns = [...new Set(folds.flatMap((fold) => fold.columns))]
  return `
    ${columns.map((place) => `const c${place} = columns[${place}]`).join('\n')}
    ${folds.map(({ before }) => before).join('\n')}
    for (let i = from; i < to; i++) {
      ${folds.map(({ line }) => line).join('\n')}
    }
    ${folds.map(({ after }) => after).join('\n')}`
}

/** From the newest row to the oldest one; lanes stay variables all the way. */
function tailLoop(
  folds: readonly Fold[],
  { init, width }: Layout,
  boxed: readonly CapturedCall[],
  constants: Constants,
): string {
  const others = boxed.map((own) => ({ own, fold: boxedFold(own, constants) }))
  const columns = new Set([...folds, ...others.map(({ fold }) => fold)].flatMap((f) => f.columns))
  const lines = others.map(({ own: { number, call }, fold }) => {
    const [aggregator, place] = [constants.add(call.aggregator), `area.boxed[${number}]`]
    return `{
        let a${number} = ${aggregator}.init()
        ${fold.line}
        if (position + 1 < to) a${number} = ${aggregator}.merge(a${number}, ${place}[position + 1])
        ${place}[position] = a${number}
      }`
  })
  return `
    const { numbers } = area
    ${[...columns].map((place) => `const c${place} = columns[${place}]`).join('\n')}
    ${init.map((value, i) => `let n${i} = ${value}`).join('\n')}
    for (let position = to - 1; position >= from; position--) {
      const i = first + position, base = position * ${width}
      ${folds.map(({ line }) => line).join('\n')}
      ${init.map((_, i) => `numbers[base + ${i}] = n${i}`).join('\n')}
      ${lines.join('\n')}
    }`
}
