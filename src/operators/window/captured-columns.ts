import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { AggregateColumn, GroupColumns } from '#src/operators/group-columns.ts'
import type { Row } from '#src/operators/operator.ts'

/** Rows of a group, as columns of what a window needs of them. */
export interface Segment {
  readonly times: number[]
  /** Numbers the rows of all groups. */
  readonly sequences: number[]
  readonly columns: unknown[][]
}

/** Where rows are added. */
export interface Growing {
  /** Where the next row goes; called once for each. */
  grow(): Segment
}

/** Generated for the calls of a statement. */
export interface CapturedColumns {
  /** How many columns there are. */
  readonly width: number
  /** Which column holds what `first` asks for, in its order. */
  readonly first: readonly number[]
  /** Which column holds the copies of rows. */
  readonly keepFirst: number | undefined
  /** Adds a row to the rows of its key. Throws what its expressions throw, and then nothing has changed. */
  take(find: (key: readonly unknown[]) => Growing, row: Row, time: number, sequence: number): void
  /** Takes rows into the accumulators of the calls that are joined. */
  fold(accumulators: unknown[], columns: unknown[][], from: number, to: number): void
  /** Into those of the others. */
  foldOthers(accumulators: unknown[], columns: unknown[][], from: number, to: number): void
}

/** Whether accumulators of neighbouring rows can be joined; of other calls they are made anew for each emission. */
export function isJoined({ aggregator }: AggregateColumn): boolean {
  return aggregator.merge !== undefined && !aggregator.grows
}

/**
 * What calls read of a row is evaluated once, when it comes, and kept in columns; the same value asked for twice is kept
 * once.
 * @param keyed whether rows are numbered
 */
export function capturedColumns(columns: GroupColumns, keyed: boolean): CapturedColumns {
  const { calls, keys, first, keepFirst } = columns
  const constants: unknown[] = []
  const constant = (value: unknown) => `k${constants.push(value) - 1}`
  const places = new Map<unknown, number>()
  const values: string[] = []
  const capture = (value: unknown, text: string): number => {
    const known = places.get(value)
    if (known !== undefined) return known
    places.set(value, values.length)
    return values.push(text) - 1
  }
  const folds: Fold[] = []
  const others: Fold[] = []
  for (const [i, call] of calls.entries()) {
    const { aggregator, args, filter } = call
    const passes = filter && capture(filter, `${constant(filter)}(row) === true`)
    const places = args.map((value) => {
      // An argument behind a filter is not evaluated where that does not pass, so it is that call's own.
      const guard = passes === undefined ? '' : `!v${passes} ? undefined : `
      const known = passes === undefined ? value : {}
      return capture(known, `${guard}${constant(value)}(row)`)
    })
    const read = (place: number) => `c${place}[i]`
    const list = places.map((place) => `, ${read(place)}`).join('')
    const condition = passes === undefined ? '' : `if (${read(passes)}) `
    const line = `${condition}a${i} = ${constant(aggregator)}.add(a${i}${list})`
    const columns = passes === undefined ? places : [passes, ...places]
    ;(isJoined(call) ? folds : others).push({ call: i, line, columns })
  }
  const firsts = first.map(({ value }) => capture(value, `${constant(value)}(row)`))
  const kept = keepFirst && capture(keepFirst, `${constant(keepFirst)}(row)`)
  const key = keys.map(({ value }) => `${constant(value)}(row)`)
  const head =
    constants.length === 0 ? '' : `const [${constants.map((_, i) => `k${i}`)}] = constants`
  const text = `'use strict'
    ${head}
    const none = []
    function take(find, row, time, sequence) {
      ${values.map((value, i) => `const v${i} = ${value}`).join('\n')}
      const segment = find(${key.length === 0 ? 'none' : `[${key.join(', ')}]`}).grow()
      const { columns } = segment
      segment.times.push(time)
      ${keyed ? 'segment.sequences.push(sequence)' : ''}
      ${values.map((_, i) => `columns[${i}].push(v${i})`).join('\n')}
    }
    function fold(accumulators, columns, from, to) {
      ${loop(folds)}
    }
    function foldOthers(accumulators, columns, from, to) {
      ${loop(others)}
    }
    return { take, fold, foldOthers }`
  const made: Pick<CapturedColumns, 'take' | 'fold' | 'foldOthers'> = new FunctionConstructor(
    'constants',
    text,
  )(constants)
  return { ...made, width: values.length, first: firsts, keepFirst: kept }
}

/** A line that takes row `i` into the accumulator of a call, and the columns that it reads. */
interface Fold {
  readonly call: number
  readonly line: string
  readonly columns: readonly number[]
}

/** A loop over rows; what it works on is held in variables of its own. */
function loop(folds: readonly Fold[]): string {
  if (folds.length === 0) return ''
  const columns = [...new Set(folds.flatMap((fold) => fold.columns))]
  return `
    ${columns.map((place) => `const c${place} = columns[${place}]`).join('\n')}
    ${folds.map(({ call }) => `let a${call} = accumulators[${call}]`).join('\n')}
    for (let i = from; i < to; i++) {
      ${folds.map(({ line }) => line).join('\n')}
    }
    ${folds.map(({ call }) => `accumulators[${call}] = a${call}`).join('\n')}`
}
