import type { RuleState, RuleStatus } from '../cell.ts'
import { within } from './deadline.ts'
import { sourceFigures } from './flow-figures.ts'
import type { RuleParts } from './rule-parts.ts'
import type { SetAside } from './set-aside.ts'

/** Where a rule stands, and since when. */
export interface Standing {
  readonly state: RuleState
  readonly message: string
  readonly startedAt: number
  readonly stoppedAt: number
}

const CPU_MS = 200

/** What a rule tells of itself: of its parts while it has some, afterwards what was told last. */
export class RuleReport {
  readonly #setAside: SetAside
  /** Why the last checkpoint could not be kept; `undefined`: it was. */
  commitFailure: string | undefined
  #last: RuleStatus | undefined

  constructor(setAside: SetAside) {
    this.#setAside = setAside
  }

  /** The parts are about to go. */
  keep(parts: RuleParts, standing: Standing): void {
    this.#last = this.make(parts, standing)
  }

  async fresh(parts: RuleParts | undefined): Promise<void> {
    const handle = parts?.keeper.handle
    if (parts === undefined || handle === undefined) return
    const usage = await within(handle.worker.cpuUsage(), CPU_MS, 'cpu usage').catch(() => undefined)
    if (usage !== undefined) parts.keeper.cpuMs = (usage.user + usage.system) / 1000
  }

  make(parts: RuleParts | undefined, { state, message, startedAt, stoppedAt }: Standing) {
    const metrics = parts === undefined ? (this.#last?.metrics ?? {}) : this.#figures(parts)
    const last = parts?.checkpointer.last
    const status: RuleStatus = {
      state,
      message: parts === undefined ? message : this.#line(parts, metrics, message),
      lastStartTimestamp: startedAt,
      lastStopTimestamp: stoppedAt,
      metrics,
      deaths: [...(parts?.keeper.deaths ?? this.#last?.deaths ?? [])],
      restarts: parts?.keeper.restarts ?? this.#last?.restarts ?? 0,
      memoryBytes: parts?.keeper.memoryBytes ?? 0,
      cpuMs: parts?.keeper.cpuMs ?? this.#last?.cpuMs ?? 0,
      checkpoint:
        parts === undefined
          ? this.#last?.checkpoint
          : last && { epoch: last.epoch, at: last.at, bytes: last.state.byteLength },
    }
    return status
  }

  /** What an operator has to know first: a source that is paused, why it changes its state, what it waits for. */
  #line(parts: RuleParts, metrics: RuleStatus['metrics'], message: string): string {
    const { trouble, weakness } = parts.sources
    return (
      trouble ||
      message ||
      parts.sinks.trouble ||
      parts.lookups.trouble ||
      disconnected(metrics) ||
      this.#setAside.text ||
      weakness ||
      droppedLine(parts.keeper.droppedState) ||
      parts.keeper.limits.line
    )
  }

  #figures({ sources, keeper, sinks, checkpointer }: RuleParts): RuleStatus['metrics'] {
    const { feeder } = keeper
    const all = sources.all.map((source, index) =>
      sourceFigures(source, feeder.reader(index), {
        setAside: this.#setAside.of(index),
        latencyUs: feeder.latencyUs(index),
      }),
    )
    const own = [
      keeper.figures.figures(),
      sinks.figures(),
      checkpointer.figures(),
      keeper.limits.figures(),
    ]
    return Object.assign({}, ...all, ...own)
  }
}

/** After a change of the rule. */
function droppedLine(names: readonly string[]): string {
  if (names.length === 0) return ''
  return `the rule has changed: the state of ${names.join(', ')} fits nothing any more and was dropped`
}

const suffix = '_connection_status'

/** The first source or sink that has lost its connection and tries again; '' when none has. */
function disconnected(metrics: RuleStatus['metrics']): string {
  for (const [key, value] of Object.entries(metrics)) {
    if (value !== -1 || !key.endsWith(suffix)) continue
    const name = key.slice(0, -suffix.length)
    const why = metrics[`${name}_connection_last_disconnected_message`]
    if (why === 'closed') continue
    return `${nameOf(name)} waits for its connection${why ? `: ${why}` : ''}`
  }
  return ''
}

/** `source_demo_0` → `stream "demo"`; `sink_mqtt_0_0` → `action 0 (mqtt)`. */
function nameOf(key: string): string {
  const source = /^source_(.*)_\d+$/.exec(key)
  if (source?.[1] !== undefined) return `stream "${source[1]}"`
  const sink = /^sink_(.*)_(\d+)_\d+$/.exec(key)
  return sink === null ? key : `action ${sink[2]} (${sink[1]})`
}
