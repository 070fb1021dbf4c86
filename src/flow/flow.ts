import { EngineError } from '#src/errors.ts'
import { Expressions, type PluginCalls } from '#src/expressions/compile.ts'
import type { Aggregator, FunctionEnvironment } from '#src/functions/declaration.ts'
import type { FunctionTable } from '#src/functions/table.ts'
import type { Intake } from '#src/operators/intake.ts'
import type { Operator, Output } from '#src/operators/operator.ts'
import type { AggregateCall } from '#src/plan/expression.ts'
import type { Plan } from '#src/plan/plan.ts'
import type { ExtensionStates } from '#src/state/extension-states.ts'
import {
  type OperatorState,
  packState,
  type SourcePosition,
  unpackState,
} from '#src/state/state-blob.ts'
import type { Collected, Emission, Feed, FlowMetrics, Snapshot } from '#src/worker/protocol.ts'
import { type AskLookup, type Border, Compilation, sourcesOf } from './compilation.ts'
import { compileNode } from './compile.ts'
import { addIntake, headSource, sourceStage } from './flow-head.ts'
import { type KeepsByGroup, withGroups } from './group-state.ts'
import { lateRowMaker } from './late-rows.ts'
import { OperatorBook } from './operator-book.ts'
import type { PluginSink } from './plugin-sink.ts'
import { SinkStage } from './sink-stage.ts'
import type { SourceStage } from './source-stage.ts'
import { Suspender } from './suspension.ts'

const clock = performance

export interface FlowOptions {
  readonly plan: Plan
  readonly environment: FunctionEnvironment
  /** The built-in functions. */
  readonly functions: FunctionTable
  /** Sequence number of the last payload that each action has seen. @default 0 each */
  readonly positions?: readonly number[] | undefined
  readonly plugins?: FlowPlugins | undefined
  /** Given what left outside of a `collect`, behind stage borders, and when the flow wants to be told the time since. */
  readonly emitted?: ((emissions: readonly Emission[], wakeAt: number | null) => void) | undefined
  /** Asks the host for rows of lookup tables. */
  readonly askLookup?: AskLookup | undefined
  /** CPU time of this thread, µs. @default none */
  readonly cpuUs?: (() => number) | undefined
}

/** What a flow uses of plugins. */
export interface FlowPlugins {
  readonly call: PluginCalls
  readonly aggregator: (call: AggregateCall) => Aggregator<unknown>
  /** The sink of an action, by its number; `undefined`: what is emitted goes to the host. */
  readonly sink: (action: number) => PluginSink | undefined
  /** What the plugin of an action takes, where what is emitted goes to it through the host. */
  readonly hosted?: ((action: number) => PluginSink['accepts'] | undefined) | undefined
  /** Whether the function of that number keeps its state by group. */
  readonly keepsByGroup?: KeepsByGroup | undefined
  /** Part of every snapshot. */
  readonly states: ExtensionStates
}

/** A running rule: takes frames in, gives encoded emissions. Everything in it is synchronous but its stage borders. */
export class Flow {
  readonly #plan: Plan
  readonly #book: OperatorBook
  readonly #sinks: SinkStage
  readonly #stages: ReadonlyMap<number, SourceStage>
  readonly #operators: readonly Operator[]
  readonly #borders: readonly Border[]
  readonly #intake: Intake | undefined
  readonly #head: Output
  readonly #states: ExtensionStates | undefined
  readonly #cpuUs: () => number
  readonly #open: Set<number>
  #lateRows = 0
  /** What the host knows of `wakeAt`. */
  #toldWakeAt: number | null = null

  constructor(options: FlowOptions) {
    const { environment, functions, plugins } = options
    const plan = grouped(options.plan, plugins?.keepsByGroup)
    this.#plan = plan
    this.#states = plugins?.states
    this.#cpuUs = options.cpuUs ?? (() => 0)
    this.#book = new OperatorBook({
      now: environment.now,
      failed: (message, time) => {
        if (plan.settings.sendError) this.#sinks.error(message, time)
      },
    })
    const suspender = new Suspender()
    const to = new Compilation({
      plan,
      expressions: new Expressions(
        environment,
        functions,
        pluginCalls(plugins, suspender),
        (call, target) => suspender.wrap(call, target),
      ),
      book: this.#book,
      pluginAggregator: plugins?.aggregator ?? noAggregator,
      suspender,
      left: () => this.#left(options.emitted),
      askLookup: options.askLookup,
      now: environment.now,
    })
    const sources = sourcesOf(plan.root).map((node) => headSource(node, to, this.#book))
    const lateRow = lateRowMaker(plan, to.names)
    this.#intake = addIntake(sources, to, (late) => {
      this.#lateRows++
      if (this.#sinks.takesLate) this.#sinks.late({ rows: [lateRow(late)], times: [late.time] })
    })
    compileNode(plan.root, to)
    this.#sinks = new SinkStage(plan, {
      positions: options.positions,
      sink: plugins?.sink,
      hosted: plugins?.hosted,
      // A row that cannot be encoded fails where it was made.
      rowError: (error, time) => to.context?.rowError(error, time),
    })
    this.#operators = to.operators
    this.#borders = to.stages
    this.#head = link(to.operators, this.#sinks)
    this.#stages = new Map(
      sources.map((source) => [source.node.source, sourceStage(source, this.#intake, to)]),
    )
    this.#open = new Set(this.#stages.keys())
  }

  /** When it wants to be told the time, ms since the epoch; `null`: never before the next rows. */
  get wakeAt(): number | null {
    // In event time the operators behind the intake wait for other clocks than the host's.
    const { isEventTime } = this.#plan.settings
    let earliest = this.#intake?.wakeAt() ?? Number.POSITIVE_INFINITY
    if (!isEventTime) {
      for (const operator of this.#operators) earliest = Math.min(earliest, operator.wakeAt())
      earliest = Math.min(earliest, this.#sinks.wakeAt())
    }
    return earliest === Number.POSITIVE_INFINITY ? null : earliest
  }

  /** Runs tuples through the flow. A promise when a stage border or a plugin's sink is full: it settles when there is room. */
  collect(feeds: readonly Feed[]): Collected | Promise<Collected> {
    for (const feed of feeds) {
      if (feed.flush === true) this.#sinks.flush()
      else this.#feed(feed)
    }
    this.#book.touch()
    // The last answer says that all is done, so it waits for all; others wait for room only.
    const wait = (this.#open.size === 0 ? this.idle() : undefined) ?? this.#room()
    return wait === undefined ? this.#collected() : wait.then(() => this.#collected())
  }

  /** Pending while rows wait at a stage border. */
  idle(): Promise<void> | undefined {
    const busy = this.#borders.map((border) => border.idle()).find((idle) => idle !== undefined)
    return busy?.then(() => this.idle())
  }

  /** Waits for the stage borders, then takes the state. */
  checkpoint(isCut = false): Snapshot | Promise<Snapshot> {
    return this.idle()?.then(() => this.snapshot(isCut)) ?? this.snapshot(isCut)
  }

  /** The state between two batches; only while `idle` says so. @param isCut see `RuleWorker.checkpoint` */
  snapshot(isCut = false): Snapshot {
    if (this.idle() !== undefined) {
      const { ruleId } = this.#plan
      throw new EngineError(
        'bad-state',
        `rule "${ruleId}": rows wait at a stage border; call checkpoint`,
      )
    }
    const started = clock.now()
    const operators = new Map<string, OperatorState>()
    for (const operator of this.#operators) {
      const state = operator.snapshot()
      const version = operator.stateVersion ?? 1
      if (state !== undefined) operators.set(operator.id, { version, state })
    }
    for (const [id, state] of this.#sinks.snapshot(isCut)) operators.set(id, { version: 1, state })
    const state = packState({
      operators,
      extensions: this.#states?.snapshot() ?? new Map(),
      sources: new Map([...this.#stages].map(([i, stage]) => [this.#name(i), stage.position()])),
    })
    return {
      state,
      seen: this.#plan.sources.map((_, i) => this.#stages.get(i)?.position() ?? { sequence: 0 }),
      positions: this.#sinks.positions(),
      pauseMs: clock.now() - started,
    }
  }

  /**
   * Goes on from a snapshot; before the first `collect`.
   * @returns ids of operators whose state fits nothing any more, or was written by another version of them
   */
  restore(buffer: ArrayBuffer): readonly string[] {
    const { operators, extensions, sources } = unpackState(buffer)
    const left = new Map(operators)
    const foreign: string[] = []
    for (const operator of this.#operators) {
      const saved = left.get(operator.id)
      if (saved === undefined) continue
      left.delete(operator.id)
      const { id, stateVersion = 1 } = operator
      if (saved.version === stateVersion) operator.restore(saved.state)
      else foreign.push(`${id} (of version ${saved.version}, this server reads ${stateVersion})`)
    }
    for (const [id, { version, state }] of left) {
      if (version === 1 && this.#sinks.restore(id, state)) left.delete(id)
    }
    this.#states?.restore(extensions)
    for (const [i, stage] of this.#stages) {
      const position: SourcePosition | undefined = sources.get(this.#name(i))
      if (position !== undefined) stage.restore(position)
    }
    return [...foreign, ...left.keys()]
  }

  /** A source goes on elsewhere than `restore` says; before the first `collect`. */
  relocate(source: number, position: SourcePosition): void {
    this.#stages.get(source)?.restore(position)
  }

  metrics(): FlowMetrics {
    return {
      names: this.#book.names,
      counters: this.#book.counters(),
      cpuUs: this.#cpuUs(),
      lateRows: this.#lateRows,
    }
  }

  #feed(feed: Feed): void {
    const stage = this.#stages.get(feed.source)
    if (stage === undefined) {
      const { ruleId } = this.#plan
      throw new EngineError('bad-feed', `rule "${ruleId}" reads no source ${feed.source}`)
    }
    stage.feed(feed)
    const time = feed.end ? Number.POSITIVE_INFINITY : feed.time
    if (feed.end) this.#open.delete(feed.source)
    if (this.#intake !== undefined) this.#intake.reach(feed.source, time)
    else this.#head.advance(time)
  }

  #room(): Promise<void> | undefined {
    const full = [...this.#borders, this.#sinks].map((border) => border.room())
    const waits = full.filter((room) => room !== undefined)
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => {})
  }

  #left(emitted: FlowOptions['emitted']): void {
    if (emitted === undefined) return
    const emissions = this.#sinks.take()
    const { wakeAt } = this
    if (emissions.length === 0 && wakeAt === this.#toldWakeAt) return
    this.#toldWakeAt = wakeAt
    emitted(emissions, wakeAt)
  }

  #collected(): Collected {
    const emissions: readonly Emission[] = this.#sinks.take()
    this.#toldWakeAt = this.wakeAt
    return {
      emissions,
      wakeAt: this.#toldWakeAt,
      counters: this.#book.counters(),
      errors: this.#book.takeErrors(),
      done: this.#open.size === 0,
    }
  }

  #name(source: number): string {
    return this.#plan.sources[source]?.name ?? String(source)
  }
}

/** Links each operator to the next. @returns the first one */
function link(operators: readonly Operator[], sinks: Output): Output {
  for (const [i, operator] of operators.entries()) operator.link(operators[i + 1] ?? sinks)
  return operators[0] ?? sinks
}

/** Their functions may answer with promises, for which the stages wait. */
function pluginCalls(
  plugins: FlowPlugins | undefined,
  suspender: Suspender,
): PluginCalls | undefined {
  return plugins && ((call) => suspender.wrap(call, plugins.call(call)))
}

/** Told apart by their groups: the calls of functions that ask for it. */
function grouped(plan: Plan, keeps: KeepsByGroup | undefined): Plan {
  if (keeps === undefined || plan.plugins.length === 0) return plan
  return { ...plan, root: withGroups(plan.root, keeps) }
}

function noAggregator(call: AggregateCall): never {
  throw new EngineError('bad-plan', `aggregate ${call.name} of a plugin is not available here`)
}
