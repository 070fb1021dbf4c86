import type { Operator, Row } from './operator.ts'

/** Takes the rows of a flow's sources, one at a time, and brings them into one order. Stands at the head of the flow. */
export interface Intake extends Operator {
  /** The row belongs to the intake from here on. `arrival` is `time` where the flow does not run in event time. */
  take(source: number, row: Row, time: number, arrival: number): void
  /** A row of that time came and was dropped by the filter at the source: it moves event time like any other. */
  see(source: number, time: number, arrival: number): void
  /** The end of the rows taken in one go: what can go on goes on. */
  settle(): void
  /** Nothing older than `time` will come from this source; `Infinity`: nothing at all. */
  reach(source: number, time: number): void
}
