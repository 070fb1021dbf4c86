import { Random } from './random.ts'

/** What becomes of a row in the plugin's function. */
export type Trouble = '' | 'throw' | 'hang' | 'kill'

export interface InputRow {
  /** Counts the rows from 1. */
  readonly n: number
  readonly k: string
  readonly v: number
  /** Event time, ms; out of order by less than the tolerance of the rules. */
  readonly ts: number
  readonly x: Trouble
  /** A row with `hang` holds its thread until then. */
  readonly till: number
}

export const KEYS = ['a', 'b', 'c', 'd', 'e'] as const
/** Key of the row that comes last and closes all windows in event time. */
export const LAST_KEY = 'last'
/** A whole number of hours, so that windows begin with the first row. */
const FIRST_TS = 1_767_225_600_000
const STEP_MS = 100
const DISORDER_MS = 800

/** The rows of a round. `troubles`: how many of each kind are among them. */
export function makeRows(
  seed: number,
  count: number,
  troubles: Readonly<Partial<Record<Trouble, number>>>,
  till: number,
): InputRow[] {
  const random = new Random(seed ^ 0x5eed)
  const kinds = new Map<number, Trouble>()
  for (const kind of ['throw', 'hang', 'kill'] as const) {
    for (let i = 0; i < (troubles[kind] ?? 0); i++) kinds.set(random.between(2, count - 2), kind)
  }
  return Array.from({ length: count }, (_, i) => {
    const n = i + 1
    const isLast = n === count
    return {
      n,
      k: isLast ? LAST_KEY : random.pick(KEYS),
      v: random.between(0, 99),
      ts: FIRST_TS + n * STEP_MS + (isLast ? 3_600_000 : random.between(0, DISORDER_MS)),
      x: kinds.get(n) ?? '',
      till,
    }
  })
}
