import { COUNTERS_PER_OPERATOR, type Collected, type FlowMetrics } from '#src/worker/protocol.ts'
import type { Reader } from '../buffer/reader.ts'
import type { RunningSource } from './running-source.ts'

/** What the operators of a flow have counted, over all lives of its worker. */
export class FlowFigures {
  #names: readonly string[] = []
  #counters: Float64Array = new Float64Array(0)
  /** Of the lives before. */
  #before: Float64Array = new Float64Array(0)
  readonly #errors = new Map<number, { readonly message: string; readonly time: number }>()

  /** A worker has opened the flow: it counts from 0. */
  begin({ names, counters }: FlowMetrics): void {
    this.#before = this.#sum()
    if (this.#before.length !== counters.length) this.#before = new Float64Array(counters.length)
    this.#names = names
    this.#counters = counters
  }

  add(counters: Float64Array, errors: Collected['errors']): void {
    if (counters.length === this.#counters.length) this.#counters = counters
    for (const { operator, message, time } of errors) {
      // a worker that invents operators must not fill the host's memory with them
      if (operator < this.#names.length) this.#errors.set(operator, { message, time })
    }
  }

  /** `op_2_filter_0_records_in_total` and so on. */
  figures(): Record<string, number | string> {
    const sum = this.#sum()
    const all: Record<string, number | string> = {}
    for (const [index, name] of this.#names.entries()) {
      const at = index * COUNTERS_PER_OPERATOR
      const error = this.#errors.get(index)
      if (name.startsWith('source_')) {
        // the source's own figures are the buffer's; what the worker adds are rows that it could not read
        if ((sum[at + 2] ?? 0) === 0) continue
        all[`${name}_exceptions_total`] = sum[at + 2] ?? 0
        all[`${name}_last_exception`] = error?.message ?? ''
        all[`${name}_last_exception_time`] = error?.time ?? 0
        continue
      }
      all[`${name}_records_in_total`] = sum[at] ?? 0
      all[`${name}_records_out_total`] = sum[at + 1] ?? 0
      all[`${name}_messages_processed_total`] = sum[at] ?? 0
      // rows pass an operator inside one call of the worker, whose time is the source's; none waits before one
      all[`${name}_process_latency_us`] = 0
      all[`${name}_buffer_length`] = 0
      all[`${name}_last_invocation`] = this.#counters[at + 3] ?? 0
      all[`${name}_exceptions_total`] = sum[at + 2] ?? 0
      all[`${name}_last_exception`] = error?.message ?? ''
      all[`${name}_last_exception_time`] = error?.time ?? 0
    }
    return all
  }

  #sum(): Float64Array {
    return Float64Array.from(this.#counters, (count, at) => count + (this.#before[at] ?? 0))
  }
}

/** `source_demo_0_records_in_total` and so on. */
export function sourceFigures(
  source: RunningSource,
  reader: Reader | undefined,
  { setAside, latencyUs }: { readonly setAside: number; readonly latencyUs: number },
): Record<string, number | string> {
  const { buffer } = source
  const unread = reader === undefined ? 0 : buffer.unreadOf(reader)
  const dropped = reader?.dropped ?? buffer.dropped
  // What the source brought is this and what was dropped.
  const taken = buffer.offered + (reader?.recovered ?? 0) - dropped
  const figures: Record<string, number | string> = {
    records_in_total: taken,
    records_out_total: taken - unread,
    messages_processed_total: taken,
    process_latency_us: latencyUs,
    buffer_length: unread,
    buffer_high_water: buffer.highWater,
    dropped_total: dropped,
    set_aside_total: setAside,
    last_invocation: buffer.lastArrival,
    exceptions_total: source.exceptions,
    last_exception: source.lastException,
    last_exception_time: source.lastExceptionAt,
    ...source.connection.figures(),
    ...source.figures(),
  }
  const prefix = `source_${source.spec.stream}_0_`
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [prefix + key, value]))
}
