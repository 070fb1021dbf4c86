import type { MessagePort } from 'node:worker_threads'
import type { Skip } from '#src/flow/frame-note.ts'
import type { Plan } from '#src/plan/plan.ts'

/**
 * What host and rule worker say to each other. Control and rows go from the host to the worker through comlink
 * (`RuleWorker`); what the worker wants of the host goes through the guarded endpoint (`HostCalls`).
 */

/** Names one flow in a worker, in every call. */
export type FlowId = number

/** The worker's side. The host wraps it; a worker never gets a proxy of anything of the host's. */
export interface RuleWorker {
  /** Resolves when the flow can take rows: plugins evaluated, sources rewound and opened, sinks opened. */
  open(flow: FlowId, params: OpenParams): Promise<Opened>
  /**
   * Takes tuples in, runs them through the flow. That it settles is the acknowledgement of these ranges. Calls are
   * handled in order. The buffers are transferred.
   */
  collect(flow: FlowId, feeds: readonly Feed[]): Promise<Collected>
  /**
   * Hands payloads to a plugin's sink, which came from here as emissions. Settles when it has taken them, has failed on one,
   * or after a while with how far it has come. One call for each action at a time. The buffer is transferred.
   */
  deliver(flow: FlowId, delivery: Delivery): Promise<Delivered>
  /**
   * Waits for the stage borders, then takes the state between two batches.
   *
   * @param isCut batches that linger before the sinks are about to leave, by `Feed.flush`: whoever goes on from this state
   * lets them leave first, too
   */
  checkpoint(flow: FlowId, isCut?: boolean): Promise<Snapshot>
  /** The counters at this moment. */
  metrics(flow: FlowId): Promise<FlowMetrics>
  /** An end from within: sources and sinks of plugins closed. The worker's task ends after the last flow. */
  close(flow: FlowId): Promise<void>
  /** Answered by the event loop: a sign of life. */
  ping(): Promise<void>
}

export interface OpenParams {
  readonly plan: Plan
  /** Same order as `plan.plugins`. */
  readonly plugins: readonly PluginCode[]
  /** What `Snapshot.state` was in an earlier life. */
  readonly state?: ArrayBuffer | undefined
  /** Where plugin sources go on. By source number; `undefined` entries start anew. */
  readonly offsets: readonly unknown[]
  /** So many tuples behind the offset are known: the first ones of an array that a checkpoint lies within. By source number. */
  readonly skips?: readonly Skip[] | undefined
  /** Offsets of tuples that were brought before the offset, and that `state` knows nothing of. By source number. */
  readonly trails?: readonly (readonly unknown[])[] | undefined
  /** What an operator has said of where plugin sources go on: instead of `offsets`. By source number. */
  readonly resets?: readonly (SourceReset | undefined)[] | undefined
  /** What `configure` of each plugin source gets, by source number; `PluginCode` says it where this is missing. */
  readonly sources?: readonly (SourceSetup | undefined)[] | undefined
  /** What the sinks have seen: emissions go on with the next numbers. By action. */
  readonly positions: readonly number[]
  /** Part of every emitted row's identity. Grows with each start of the rule. */
  readonly epoch: number
  /** In which numbering the emissions count: the same emission has the same number in it, whatever died meanwhile. */
  readonly numbering?: string | undefined
  readonly startedAt: number
  readonly props: Readonly<Record<string, string>>
  /** Where each package of plugins reaches what it was granted. The ports are transferred. */
  readonly facades?: readonly FacadeLink[] | undefined
}

/** The port is the identity: who speaks on it is this package of this flow, whatever it says. */
export interface FacadeLink {
  readonly package: string
  readonly version: string
  readonly port: MessagePort
}

export interface SourceReset {
  /** As the operator wrote it. */
  readonly input: Readonly<Record<string, unknown>>
  /** Of the tuple behind which it goes on. */
  readonly sequence: number
}

export interface SourceSetup {
  readonly datasource: string
  readonly props: Readonly<Record<string, unknown>>
}

/** One bundled script of a plugin, and what to take from it. */
export interface PluginCode {
  readonly package: string
  readonly version: string
  /** A CommonJS script: evaluated once per package in its compartment. */
  readonly text: string
  /** sha256 of the text, checked before it is evaluated. */
  readonly sha256: string
  /** The export, `Mysql` or `default`. */
  readonly export: string
  readonly kind: 'source' | 'sink' | 'function'
  readonly name: string
  /** Of the trusted tier: the file that is loaded as it lies there, with Node's own loader. */
  readonly path?: string | undefined
  /** The host has a map of the script: errors say where in it they were thrown. */
  readonly mapped?: boolean | undefined
}

export interface Opened {
  /** When the flow wants to be told the time, ms since the epoch; `null`: never before the next rows. */
  readonly wakeAt: number | null
  /** Names of operators whose state was in the checkpoint and fits nothing any more. */
  readonly dropped: readonly string[]
  /** The numbers of plugin sources that go on from where an operator says: see `resets`. */
  readonly resettable?: readonly number[] | undefined
}

/** New tuples of one source, or only the news that time went on. */
export interface Feed {
  readonly source: number
  readonly ranges: readonly Range[]
  /** Nothing older than this is pending in the source's buffer, ms since the epoch. */
  readonly time: number
  /** The source is bounded and these are its last tuples. */
  readonly end: boolean
  /** Nothing is fed: batches that linger before the sinks leave now. The other fields say nothing. */
  readonly flush?: boolean | undefined
  /** Metadata that this reader has not had: frames refer to it by number. */
  readonly metas: readonly {
    readonly reference: number
    readonly meta: Readonly<Record<string, unknown>>
  }[]
}

/** Frames one behind the other, a copy that belongs to the worker: it lets go of the memory when nobody needs it any more. */
export interface Range {
  readonly buffer: ArrayBuffer
  readonly count: number
  /** The sequence number of the first frame. */
  readonly first: number
}

export interface Collected {
  readonly emissions: readonly Emission[]
  readonly wakeAt: number | null
  /** Counters changed by this call, for a status that costs no call. Layout: `FlowMetrics.names`. */
  readonly counters: Float64Array
  /** The last row error of an operator that had one in this call. */
  readonly errors: readonly OperatorError[]
  /** All sources have ended and everything was emitted. */
  readonly done: boolean
}

/**
 * Encoded output for one sink of the host's, or of a plugin's whose action is `throughHost`: `count` frames as in a chunk,
 * one per payload; `buffer` may be longer.
 */
export interface Emission {
  readonly action: number
  readonly buffer: ArrayBuffer
  readonly count: number
  /** The sequence number of the first payload, per action. */
  readonly first: number
}

/** Payloads of an action that is `throughHost`, on their way to its plugin. Frames as in an emission. */
export interface Delivery {
  readonly action: number
  readonly buffer: ArrayBuffer
  readonly count: number
  /** Number, epoch and numbering that they were emitted with, which may have been in an earlier life of the rule. */
  readonly first: number
  readonly epoch: number
  readonly numbering: string
  /** Where to send it instead of where the properties say. */
  readonly destination?: string | undefined
}

/** The first `done` payloads are dealt with. `failure` is of the one behind them; without it the rest was not tried yet. */
export interface Delivered {
  readonly done: number
  readonly failure?: DeliveryFailure | undefined
}

export interface DeliveryFailure {
  /** `not-connected` and `retryable` bring the payload again; any other is why it is refused. */
  readonly code: string
  readonly message: string
}

export interface OperatorError {
  readonly operator: number
  readonly message: string
  readonly time: number
}

/** Taken at a pause. Plain data; the host stores `state` without looking into it. */
export interface Snapshot {
  readonly state: ArrayBuffer
  /** The last tuple that the operators have seen, by source: its sequence number and its offset, if it has one. */
  readonly seen: readonly {
    readonly sequence: number
    readonly offset?: unknown
    /** Of an array of tuples, which has one offset, so many were seen. */
    readonly skip?: Skip | undefined
  }[]
  /** The sequence number of the last payload emitted, by action. */
  readonly positions: readonly number[]
  /** How long the flow stood still. */
  readonly pauseMs: number
}

export interface FlowMetrics {
  /** Operators in the order of their numbers: `op_2_filter`, with the kind that the status keys use. */
  readonly names: readonly string[]
  /** Per operator, COUNTERS_PER_OPERATOR numbers. */
  readonly counters: Float64Array
  readonly cpuUs: number
  /** Rows that came behind the watermark and were dropped, since the flow was built. */
  readonly lateRows?: number | undefined
}

/** records_in, records_out, exceptions, last_invocation (ms since the epoch) of each operator. */
export const COUNTERS_PER_OPERATOR = 4

/**
 * What the worker asks of the host. Served by the guarded endpoint: fixed names, arguments checked, results rebuilt from
 * plain data. `post` methods have no answer.
 */
export interface HostCalls {
  /** Tuples of a plugin source. Resolves when the buffer has room again. */
  write(flow: FlowId, source: number, chunk: ArrayBuffer, count: number): Promise<void>
  /**
   * What was emitted outside a `collect`, behind stage borders.
   *
   * @param wakeAt when the flow wants to be told the time, now that rows have passed there; `null`: not by them
   */
  emit(flow: FlowId, emissions: readonly Emission[], wakeAt: number | null): void
  /** A plugin sink has dealt with everything up to this number; `dropped` says why it dropped the last of it. */
  delivered(flow: FlowId, action: number, sequence: number, dropped?: string): void
  /** A plugin source or sink failed: ends the rule, unless its restart strategy says otherwise. */
  failed(flow: FlowId, failure: PluginFailure): void
  /** A bounded plugin source has come to its end. */
  ended(flow: FlowId, source: number): void
  /** For each key, the values of those columns, the rows of a lookup table that have it. */
  lookup(
    flow: FlowId,
    source: number,
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly Readonly<Record<string, unknown>>[])[]>
  /** What the tenant has put under each key; null where there is nothing. */
  keyedState(flow: FlowId, keys: readonly string[]): Promise<readonly unknown[]>
  log(flow: FlowId, level: 'debug' | 'info' | 'warn' | 'error', plugin: string, text: string): void
  /** It comes on with its rows, although its event loop answers nobody meanwhile. */
  beat?(flow: FlowId): void
  /** A plugin has passed a limit of its own so many times more; it got an error, or a line was dropped. */
  breached?(flow: FlowId, plugin: string, limit: PluginLimit, count: number): void
}

export const pluginLimits = ['log', 'state', 'timers'] as const

export type PluginLimit = (typeof pluginLimits)[number]

export interface PluginFailure {
  /** Empty where it cannot be told which one of the rule it was. */
  readonly plugin: string
  /** `stray`: an error that nobody waits for, of a timer or a promise. The worker is replaced then; the rule goes on. */
  readonly where: 'load' | 'configure' | 'validate' | 'open' | 'collect' | 'close' | 'stray'
  readonly message: string
  readonly code?: string | undefined
  /** Its frames in the plugin's script; the host maps them to the author's lines. */
  readonly stack?: string | undefined
}
