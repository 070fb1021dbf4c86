import type { Skip } from '#src/flow/frame-note.ts'
import type {
  Collected,
  Delivered,
  Emission,
  FlowMetrics,
  Opened,
  OperatorError,
  Snapshot,
} from '#src/worker/protocol.ts'
import { framedBytes } from '../buffer/chunk.ts'
import { OffenceError } from './guarded-endpoint.ts'
import { textOf } from './worker-fault.ts'

/** What a worker answers, believed only after this. Each throws `OffenceError` for what is not of its shape. */
export function readCollected(value: unknown, actions: number): Collected {
  const { emissions, wakeAt, counters, errors, done } = recordOf(value, 'collect')
  if (!(counters instanceof Float64Array)) throw new OffenceError('collect: no counters')
  return {
    emissions: readEmissions(emissions, actions),
    wakeAt: timeOf(wakeAt),
    counters,
    errors: listOf(errors, 'collect').slice(0, 100).map(readError),
    done: done === true,
  }
}

export function readEmissions(value: unknown, actions: number): Emission[] {
  return listOf(value, 'emissions').map((part) => {
    const { action, buffer, count, first } = recordOf(part, 'emission')
    const number = countOf(action, 'action')
    const payloads = countOf(count, 'count')
    if (number >= actions) throw new OffenceError(`emission: there is no action ${number}`)
    // The buffer may be longer than its frames: cutting it would be a copy in the worker.
    if (
      !(buffer instanceof ArrayBuffer) ||
      payloads === 0 ||
      framedBytes(buffer, payloads) === undefined
    ) {
      throw new OffenceError('emission: its buffer does not hold its frames')
    }
    return { action: number, buffer, count: payloads, first: countOf(first, 'first') }
  })
}

/** @param count of the payloads that were handed over */
export function readDelivered(value: unknown, count: number): Delivered {
  const { done, failure } = recordOf(value, 'deliver')
  const through = countOf(done, 'done')
  if (through > count) throw new OffenceError('deliver: more is done than it was given')
  if (failure === undefined) return { done: through }
  if (through === count) throw new OffenceError('deliver: a failure of what it was not given')
  const { code, message } = recordOf(failure, 'failure')
  return {
    done: through,
    failure: { code: textOf(code, 60) ?? 'failed', message: textOf(message, 300) ?? '' },
  }
}

export function readOpened(value: unknown): Opened {
  const { wakeAt, dropped, resettable } = recordOf(value, 'open')
  const names = listOf(dropped, 'open').slice(0, 1000)
  const numbers = listOf(resettable ?? [], 'open').slice(0, 1000)
  return {
    wakeAt: timeOf(wakeAt),
    dropped: names.map((name) => textOf(name, 200) ?? ''),
    resettable: numbers.map((number) => countOf(number, 'source')),
  }
}

export function readSnapshot(value: unknown, sources: number, actions: number): Snapshot {
  const { state, seen, positions, pauseMs } = recordOf(value, 'checkpoint')
  if (!(state instanceof ArrayBuffer)) throw new OffenceError('checkpoint: no state')
  const places = listOf(seen, 'checkpoint').map((place) => {
    const { sequence, offset, skip } = recordOf(place, 'checkpoint')
    if (!Number.isSafeInteger(sequence)) throw new OffenceError('checkpoint: no sequence')
    const common = { sequence: Number(sequence), offset }
    return skip === undefined ? common : { ...common, skip: skipOf(skip) }
  })
  const numbers = listOf(positions, 'checkpoint').map((n) => countOf(n, 'position'))
  if (places.length !== sources || numbers.length !== actions) {
    throw new OffenceError('checkpoint: it does not fit the plan')
  }
  return { state, seen: places, positions: numbers, pauseMs: Number(pauseMs) || 0 }
}

function skipOf(value: unknown): Skip {
  if (!Array.isArray(value)) return countOf(value, 'skip')
  return value.map((known) => countOf(known, 'skip'))
}

export function readMetrics(value: unknown): FlowMetrics {
  const { names, counters, cpuUs } = recordOf(value, 'metrics')
  if (!(counters instanceof Float64Array)) throw new OffenceError('metrics: no counters')
  const texts = listOf(names, 'metrics').slice(0, 10_000)
  return {
    names: texts.map((name) => textOf(name, 200) ?? ''),
    counters,
    cpuUs: Number(cpuUs) || 0,
  }
}

export function countOf(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new OffenceError(`${what} is no count`)
}

export function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new OffenceError(`${what}: no object`)
  return value as Readonly<Record<string, unknown>>
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new OffenceError(`${what}: no list`)
  return value
}

/** ms since the epoch; `null` for what is no time. */
export function timeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function readError(value: unknown): OperatorError {
  const { operator, message, time } = recordOf(value, 'error')
  return {
    operator: countOf(operator, 'operator'),
    message: textOf(message, 300) ?? '',
    time: Number(time) || 0,
  }
}
