import type { Absorber } from '#src/operators/absorber.ts'
import { BatchBuilder } from '#src/operators/batch-builder.ts'
import type { Intake } from '#src/operators/intake.ts'
import type { Output, Row } from '#src/operators/operator.ts'
import type { Decoder } from './decode/decoder.ts'

/** Where a source stage brings its rows. */
export interface RowTarget {
  /** The row that the decoder holds: it has to be taken, or used at once. */
  scratch(decoder: Decoder, time: number, arrival: number): void
  /** A row that belongs to nobody else. */
  owned(row: Row, time: number, arrival: number): void
  /** A row that the filter dropped. */
  dropped(time: number, arrival: number): void
  /** What was brought goes on: at the end of a range, and before an error is reported. */
  settle(): void
}

/** Rows are never built: the first operator takes what it needs from the decoder's scratch row. */
export function absorbing(absorber: Absorber, batchRows: number): RowTarget {
  let count = 0
  function owned(row: Row, time: number): void {
    absorber.absorb(row, time)
    if (++count === batchRows) settle()
  }
  function settle(): void {
    count = 0
    absorber.settle()
  }
  return {
    scratch: (decoder, time) => owned(decoder.row, time),
    owned,
    dropped() {},
    settle,
  }
}

/** Rows go to the first operator in batches of at most `batchRows`. */
export function batching(output: Output, batchRows: number): RowTarget {
  const batch = new BatchBuilder()
  function owned(row: Row, time: number): void {
    batch.add(row, time)
    if (batch.length === batchRows) batch.flush(output)
  }
  return {
    scratch: (decoder, time) => owned(decoder.take(), time),
    owned,
    dropped() {},
    settle() {
      batch.flush(output)
    },
  }
}

/** Rows wait in an intake until their turn has come. */
export function queueing(intake: Intake, source: number): RowTarget {
  return {
    scratch: (decoder, time, arrival) => intake.take(source, decoder.take(), time, arrival),
    owned: (row, time, arrival) => intake.take(source, row, time, arrival),
    dropped: (time, arrival) => intake.see(source, time, arrival),
    settle: () => intake.settle(),
  }
}

/** Rows are keyed by their source before they go on. */
export function keying(target: RowTarget, keyed: (row: Row) => Row): RowTarget {
  return {
    ...target,
    scratch: (decoder, time, arrival) => target.owned(keyed(decoder.take()), time, arrival),
    owned: (row, time, arrival) => target.owned(keyed(row), time, arrival),
  }
}
