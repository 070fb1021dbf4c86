import { Cron } from 'croner'
import { HostError, textOf } from '#host/errors.ts'
import { durationMs as durationOf } from '#src/plan/duration.ts'
import type { DatetimeRange } from '#src/plan/schedule-options.ts'

/** When a rule is to run, of its options. */
export interface ScheduleOptions {
  readonly cron: string
  readonly durationMs: number
  readonly cronDatetimeRange: readonly DatetimeRange[]
}

/** Whether a rule is to run at some moment, and until when that holds. */
export type Phase =
  | { readonly isActive: true; readonly until: number; readonly reason: EndReason }
  /** `until`: its next start; `undefined`: there is none any more. */
  | { readonly isActive: false; readonly until: number | undefined }

/** Why a run ends, in the peer's words. */
export type EndReason = 'duration terminated' | 'schedule terminated'

interface Span {
  readonly beginMs: number
  readonly endMs: number
}

/** Starts of runs that are looked at before a schedule is said to be over. */
const MAX_STEPS = 1000

/** When a rule runs: at the times of `cron` for `duration`, within its ranges; or within its ranges alone. */
export class Schedule {
  readonly #runs: Runs | undefined
  /** In order; empty: at any time. */
  readonly #spans: readonly Span[]

  private constructor(runs: Runs | undefined, spans: readonly Span[]) {
    this.#runs = runs
    this.#spans = spans
  }

  /**
   * @param timeZone IANA name: of cron's fields and of ranges that are written as text
   * @returns `undefined` for a rule without a schedule
   * @throws HostError `bad-option`
   */
  static of(options: ScheduleOptions, timeZone: string): Schedule | undefined {
    const { cron, durationMs, cronDatetimeRange } = options
    const hasCron = cron !== ''
    if (hasCron !== durationMs > 0) {
      const [given, missing] = hasCron ? ['cron', 'duration'] : ['duration', 'cron']
      throw new HostError('bad-option', `option ${given} needs option ${missing} beside it`)
    }
    if (!hasCron && cronDatetimeRange.length === 0) return undefined
    const spans = cronDatetimeRange.map((range) => spanOf(range, timeZone))
    const runs = hasCron ? runsOf(cron, durationMs, timeZone) : undefined
    return new Schedule(
      runs,
      spans.sort((a, b) => a.beginMs - b.beginMs),
    )
  }

  /** @param now ms since the epoch */
  at(now: number): Phase {
    const span = this.#spanAt(now)
    const runEnd = this.#runs?.endAt(now) ?? Number.POSITIVE_INFINITY
    if (span !== undefined && runEnd > now) {
      return runEnd <= span.endMs
        ? { isActive: true, until: runEnd, reason: 'duration terminated' }
        : { isActive: true, until: span.endMs, reason: 'schedule terminated' }
    }
    return { isActive: false, until: this.#nextStart(now) }
  }

  #nextStart(now: number): number | undefined {
    let time = now
    for (let step = 0; step < MAX_STEPS; step++) {
      const range = this.#spans.find(({ beginMs }) => beginMs > time)?.beginMs
      const run = this.#spanAt(time) === undefined ? undefined : this.#runs?.nextAfter(time)
      const next = Math.min(range ?? Number.POSITIVE_INFINITY, run ?? Number.POSITIVE_INFINITY)
      if (next === Number.POSITIVE_INFINITY) return undefined
      time = next
      const isRunning = this.#runs === undefined || (this.#runs.endAt(time) ?? 0) > time
      if (isRunning && this.#spanAt(time) !== undefined) return time
    }
    return undefined
  }

  #spanAt(time: number): Span | undefined {
    if (this.#spans.length === 0) return { beginMs: 0, endMs: Number.POSITIVE_INFINITY }
    return this.#spans
      .filter(({ beginMs, endMs }) => beginMs <= time && time < endMs)
      .sort((a, b) => b.endMs - a.endMs)[0]
  }
}

/** Starts that come again and again, each for a while. */
interface Runs {
  /** The end of the run that began last; it may be past. `undefined`: none has begun yet. */
  endAt(now: number): number | undefined
  nextAfter(now: number): number | undefined
}

function runsOf(cron: string, durationMs: number, timeZone: string): Runs {
  const every = /^@every (\S+)$/.exec(cron)?.[1]
  if (every !== undefined) return everyRuns(every, durationMs)
  const pattern = cron === '@midnight' ? '@daily' : cron
  try {
    const job = new Cron(pattern, { timezone: timeZone, paused: true })
    return {
      // a run that begins at this very moment has begun
      endAt: (now) => {
        const begin = job.previousRuns(1, new Date(now + 1))[0]?.getTime()
        return begin === undefined ? undefined : begin + durationMs
      },
      nextAfter: (now) => job.nextRun(new Date(now))?.getTime(),
    }
  } catch (error) {
    throw new HostError('bad-option', `option cron "${cron}": ${textOf(error)}`, { cause: error })
  }
}

/** Counted from the epoch, so that a restart of the host moves nothing. */
function everyRuns(text: string, durationMs: number): Runs {
  const everyMs = durationOf(text)
  if (everyMs === undefined || everyMs < 1000) {
    throw new HostError(
      'bad-option',
      `option cron "@every ${text}": write a time such as 1h or 90s`,
    )
  }
  const begin = (now: number) => Math.floor(now / everyMs) * everyMs
  return { endAt: (now) => begin(now) + durationMs, nextAfter: (now) => begin(now) + everyMs }
}

function spanOf(range: DatetimeRange, timeZone: string): Span {
  if ('beginMs' in range) return range
  return { beginMs: instantOf(range.begin, timeZone), endMs: instantOf(range.end, timeZone) }
}

/** `2026-03-29 02:30:00`. A time that a clock change leaves out is the one after it. */
function instantOf(text: string, timeZone: string): number {
  try {
    const plain = Temporal.PlainDateTime.from(text.replace(' ', 'T'))
    return plain.toZonedDateTime(timeZone).epochMilliseconds
  } catch (error) {
    const what = `option cronDatetimeRange: "${text}" is no date and time`
    throw new HostError('bad-option', what, { cause: error })
  }
}
