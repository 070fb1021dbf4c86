import type { InputRow } from './rows.ts'
import type { Line, Shape } from './shapes.ts'

/**
 * How much is promised of one action's output:
 * `ordered`: just the lines of the model, in their order. `once`: just these, in any order.
 * `covered`: every row, some perhaps more than once. `partial`: nothing that was not sent.
 */
export type Promised = 'ordered' | 'once' | 'covered' | 'partial'

export interface Verdict {
  readonly fault: string
  /** More output may still mend it. */
  readonly mayPass: boolean
}

export interface Case {
  readonly shape: Shape
  readonly promised: Promised
  /** What was sent, without rows that the host has set aside by name. */
  readonly rows: readonly InputRow[]
  readonly output: readonly Line[]
  /** So many rows may be missing: drops that were counted. */
  readonly mayMiss?: number | undefined
}

/** Compares what came out with what the rows say. `undefined`: it is right. */
export function judge(one: Case): Verdict | undefined {
  const byNumber = new Map(one.rows.map((row) => [row.n, row]))
  return (
    invented(one, byNumber) ??
    (one.promised === 'partial' ? undefined : (missing(one) ?? twice(one) ?? different(one)))
  )
}

function invented({ shape, output, rows }: Case, byNumber: ReadonlyMap<number, InputRow>) {
  const stated = shape.lines && shape.ofOneRow ? shape.lines(rows) : []
  const expected = new Map(stated.map((line) => [Number(line.n), line]))
  for (const line of output) {
    const stranger = shape.numbers(line).find((n) => {
      const row = byNumber.get(n)
      return row === undefined || !shape.takes(row)
    })
    if (stranger !== undefined) return final(`row ${stranger} came out: ${JSON.stringify(line)}`)
    const fault = shape.fault?.(line, byNumber)
    if (fault !== undefined) return final(`${JSON.stringify(line)} ${fault}`)
    const right = expected.get(Number(line.n))
    const wrong = shape.ofOneRow?.find((column) => line[column] !== right?.[column])
    if (wrong !== undefined) return final(`${wrong} is wrong in ${JSON.stringify(line)}`)
  }
  return undefined
}

function missing({ shape, output, rows, mayMiss = 0 }: Case): Verdict | undefined {
  const seen = new Set(output.flatMap((line) => shape.numbers(line)))
  const lost = rows.filter((row) => shape.takes(row) && !seen.has(row.n)).map(({ n }) => n)
  if (lost.length <= mayMiss) return undefined
  return { fault: `${lost.length} rows are missing: ${spans(lost)}`, mayPass: true }
}

function twice({ shape, output, promised }: Case): Verdict | undefined {
  if (promised === 'covered') return undefined
  if (shape.lines === undefined || shape.ofOneRow) {
    const seen = new Set<number>()
    const again: number[] = []
    for (const n of output.flatMap((line) => shape.numbers(line))) {
      if (seen.has(n)) again.push(n)
      seen.add(n)
    }
    return again.length === 0
      ? undefined
      : final(`${again.length} rows came more than once: ${spans(again)}`)
  }
  return undefined
}

/** Lines of the model against lines that came. */
function different({ shape, output, promised, rows, mayMiss }: Case): Verdict | undefined {
  if (promised === 'covered' || mayMiss) return undefined
  if (shape.lines === undefined)
    return promised === 'ordered' ? unordered(shape, output) : undefined
  const expected = shape.lines(rows)
  const right = expected.map(textOf)
  const columns = Object.keys(expected[0] ?? {})
  const came = output.map((line) =>
    textOf(Object.fromEntries(columns.map((column) => [column, line[column]]))),
  )
  if (promised === 'once') {
    right.sort()
    came.sort()
  }
  const at = right.findIndex((line, i) => line !== came[i])
  if (at >= 0) {
    const fault = `line ${at} is ${came[at] ?? 'missing'} instead of ${right[at]}`
    return { fault, mayPass: came.length < right.length }
  }
  return came.length === right.length
    ? undefined
    : final(`${came.length - right.length} lines too many: ${came[right.length]}`)
}

/** Windows by the clock: each has later rows than the one before. */
function unordered(shape: Shape, output: readonly Line[]): Verdict | undefined {
  let before = { w: -1, high: 0 }
  let high = 0
  for (const line of output) {
    const w = Number(line.w)
    const ns = shape.numbers(line)
    if (w !== before.w) before = { w, high }
    const early = ns.find((n) => n <= before.high)
    if (early !== undefined) return final(`window ${w} has row ${early}, a later one than its own`)
    high = Math.max(high, ...ns)
  }
  return undefined
}

function final(fault: string): Verdict {
  return { fault, mayPass: false }
}

function textOf(line: Line): string {
  return JSON.stringify(line, (_, value) => (Array.isArray(value) ? [...value].sort(up) : value))
}

function up(a: number, b: number): number {
  return a - b
}

/** 1, 2, 3, 7 as `1-3, 7` */
function spans(numbers: readonly number[]): string {
  const parts: string[] = []
  let from: number | undefined
  const sorted = [...numbers].sort(up)
  for (const [i, n] of sorted.entries()) {
    from ??= n
    if (sorted[i + 1] === n + 1) continue
    parts.push(from === n ? `${n}` : `${from}-${n}`)
    from = undefined
  }
  return parts.slice(0, 12).join(', ') + (parts.length > 12 ? ', …' : '')
}
