/** Types of what the benchmark of joins uses of the fixed reference. */
declare module '#test/bench/reference/join.mjs' {
  import type { SensorRow } from '#test/bench/reference/payloads.mjs'
  export function hashJoin(left: readonly SensorRow[], right: readonly SensorRow[]): object[]
}

declare module '#test/bench/reference/expressions.mjs' {
  export const EXPRESSIONS_SQL: string
  export function makeExpressions(emit?: (row: object) => void): {
    readonly errors: number
    run(rows: readonly object[]): number
  }
}
