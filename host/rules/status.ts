import type { RuleState, RuleStatus } from '#host/cell/cell.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'
import type { Phase } from './schedule.ts'

/** Why a rule does not run although nobody stopped it: it could not be started. */
export interface StartFailure {
  readonly message: string
  readonly at: number
}

/** Where a rule stands: what the cell says, and what is known above it. */
export interface Standing {
  readonly status: RuleStatus | undefined
  readonly failure: StartFailure | undefined
  /** Why it was stopped when it did not run. */
  readonly stopped: string | undefined
  /** Of its schedule, if it follows one. */
  readonly phase: Phase | undefined
  /** Of one that was started and not stopped since: with the plugins in its worker, their versions and tiers. */
  readonly plan?: Plan | undefined
  /** What an operator should know of its last start; '' when there is nothing. */
  readonly note: string
}

/** Kuiper's status: its keys first, then the flat metrics, then ours. */
export type StatusBody = Readonly<Record<string, unknown>>

export function statusBody(standing: Standing): StatusBody {
  const { status, failure, phase, note } = standing
  const plugins = standing.plan?.plugins ?? []
  const { state, message } = shownState(standing)
  return {
    status: state,
    message,
    lastStartTimestamp: status?.lastStartTimestamp ?? failure?.at ?? 0,
    lastStopTimestamp: status?.lastStopTimestamp ?? failure?.at ?? 0,
    nextStartTimestamp: phase?.isActive === false ? (phase.until ?? 0) : 0,
    ...(phase?.isActive === true ? { nextStopTimestamp: phase.until } : {}),
    ...(note === '' ? {} : { note }),
    ...(plugins.length === 0 ? {} : { plugins: plugins.map(pluginLine) }),
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

/** `sink mysql of acme-mysql@1.2.0`; a trusted one says so. */
function pluginLine({ kind, name, package: from, version, tier }: PluginUse): string {
  const title = `${kind} ${name} of ${from}${version === '' ? '' : `@${version}`}`
  return tier === 'trusted' ? `${title}, trusted` : title
}

/** What became of a command: the answer to `?wait=`. */
export function outcomeBody(id: string, standing: Standing, isDone: boolean): StatusBody {
  const { state, message } = shownState(standing)
  return { id, status: state, message, done: isDone }
}

/** In one line, for lists: `running`, `stopped: canceled manually`. */
export function statusLine(standing: Standing): string {
  const { state, message } = shownState(standing)
  if (message === '' || state === 'running') return state
  return state === waiting ? `${state} ${message}` : `${state}: ${message}`
}

/** Kuiper's summary of all rules. */
export function statusSummary(standing: Standing) {
  const { status } = standing
  const { state } = shownState(standing)
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

/** The peer's name of a state that a cell does not know: it is the schedule's. */
const waiting = 'stopped: waiting for next schedule.'

function shownState({ status, failure, stopped, phase }: Standing): {
  state: string
  message: string
} {
  const known = status?.state ?? 'stopped'
  const message = status?.message ?? ''
  if (phase?.isActive === false && !busy.has(known)) {
    const last = failure?.message ?? message
    const before = last === '' ? '' : `${last}; `
    if (phase.until === undefined)
      return { state: 'stopped', message: `${before}its schedule is over` }
    const next = new Date(phase.until).toISOString()
    return { state: waiting, message: `${before}starts at ${next}` }
  }
  if (failure !== undefined) return { state: 'stopped by error', message: failure.message }
  if (stopped !== undefined) return { state: 'stopped', message: stopped }
  return { state: known, message }
}

const busy: ReadonlySet<RuleState> = new Set(['starting', 'running', 'stopping', 'stuck'])
