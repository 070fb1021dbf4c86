import type { RuleState, RuleStatus } from '#host/cell/cell.ts'

/** Why a rule does not run although nobody stopped it: it could not be started. */
export interface StartFailure {
  readonly message: string
  readonly at: number
}

/** Kuiper's status: its keys first, then the flat metrics, then ours. */
export type StatusBody = Readonly<Record<string, unknown>>

export function statusBody(
  status: RuleStatus | undefined,
  failure: StartFailure | undefined,
): StatusBody {
  const { state, message } = shownState(status, failure)
  return {
    status: state,
    message,
    lastStartTimestamp: status?.lastStartTimestamp ?? failure?.at ?? 0,
    lastStopTimestamp: status?.lastStopTimestamp ?? failure?.at ?? 0,
    nextStartTimestamp: 0,
    ...status?.metrics,
    ...(status === undefined
      ? {}
      : {
          restarts: status.restarts,
          deaths: status.deaths,
          memory_bytes: status.memoryBytes,
          cpu_ms: status.cpuMs,
          checkpoint: status.checkpoint ?? null,
        }),
  }
}

/** In one line, for lists: `running`, `stopped: canceled manually`. */
export function statusLine(
  status: RuleStatus | undefined,
  failure: StartFailure | undefined,
): string {
  const { state, message } = shownState(status, failure)
  return message === '' || state === 'running' ? state : `${state}: ${message}`
}

/** Kuiper's summary of all rules. */
export function statusSummary(status: RuleStatus | undefined, failure: StartFailure | undefined) {
  const { state } = shownState(status, failure)
  const metrics = Object.entries(status?.metrics ?? {})
  let exceptions = 0
  let last = { at: 0, text: '' }
  for (const [key, value] of metrics) {
    if (key.endsWith('_exceptions_total')) exceptions += Number(value)
    if (!key.endsWith('_last_exception') || value === '') continue
    const at = Number(status?.metrics[`${key}_time`] ?? 0)
    if (at >= last.at) last = { at, text: String(value) }
  }
  return { status: state, last_exception: last.text, exceptions_total: exceptions }
}

function shownState(
  status: RuleStatus | undefined,
  failure: StartFailure | undefined,
): { state: RuleState; message: string } {
  if (failure !== undefined) return { state: 'stopped by error', message: failure.message }
  return { state: status?.state ?? 'stopped', message: status?.message ?? '' }
}
