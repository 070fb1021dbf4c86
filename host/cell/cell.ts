import type { Skip } from '#src/flow/frame-note.ts'
import type { Plan } from '#src/plan/plan.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import type { LimitName } from './limits.ts'

/**
 * What runs: connectors, source buffers, rule workers and their supervision. Plain data in, plain data out, so that a
 * cell can live in this process or in another one. A cell knows nothing of API, catalog, installation or the checkpoint
 * store; what it needs of them it is given, or asks of its `CellEnvironment`.
 */
export interface Cell {
  /** Starts a rule. Resolves when it runs: its worker has opened the plan and its sources are connected or trying to. */
  deploy(rule: RuleSpec): Promise<void>
  /**
   * Moves a rule that runs to other versions of its plugins, without a stop: its sources and sinks stay open, its state goes
   * over by one checkpoint. Rejects with `not-swapped` when the rule runs on as it was and needs a stop and a start for it;
   * any other error is why the new versions did not open, and the rule has its old ones again.
   */
  upgrade(rule: RuleSpec): Promise<void>
  /**
   * One of a running rule's sources goes on from where an operator says: see `Rewindable.resetOffset`. What it has brought
   * and the rule has not read is left out. Resolves when a checkpoint knows of it. Rejects with `not-swapped`,
   * `unknown-stream`, `not-resettable` or what the plugin has thrown; the rule runs on as before then.
   */
  resetSource(key: RuleKey, reset: StreamReset): Promise<void>
  /** Ends a rule in order: sources first, then what is buffered, then its worker. Resolves when all of it is gone. */
  stop(key: RuleKey, options?: StopOptions): Promise<void>
  /** `undefined`: never deployed here. A stopped rule keeps its last figures. */
  status(key: RuleKey): Promise<RuleStatus | undefined>
  /** Takes a checkpoint now. Resolves when it is committed. */
  checkpoint(key: RuleKey): Promise<CommittedCheckpoint>
  /** Forgets a stopped rule: its figures, and its position in shared streams. */
  forget(key: RuleKey): Promise<void>
  /** Calls back with every change of a rule's state. @returns stops it */
  watch(listener: (event: CellEvent) => void): () => void
  /** Figures of the cell as a whole. */
  health(): Promise<CellHealth>
  /** Stops all rules and lets go of everything. */
  close(): Promise<void>
}

export interface RuleKey {
  readonly tenant: string
  readonly rule: string
}

export interface StreamReset {
  readonly stream: string
  /** Plain data: what the operator wrote. */
  readonly input: Readonly<Record<string, unknown>>
}

export interface RuleSpec extends RuleKey {
  readonly plan: Plan
  /** Same order as `plan.sources`. */
  readonly sources: readonly SourceSpec[]
  /** Same order as `plan.actions`. */
  readonly actions: readonly ActionSpec[]
  /** The sink for tuples that kill the rule's worker. */
  readonly deadLetter?: ActionSpec | undefined
  /** Same order as `plan.plugins`. */
  readonly plugins: readonly PluginSpec[]
  readonly options: DeployOptions
  /** Where to go on from. */
  readonly checkpoint?: StoredCheckpoint | undefined
  /** Values of secrets that stand in properties: they are masked in what the rule says. */
  readonly masked?: readonly string[] | undefined
  /** Greater at each start of the rule; a commit of an older one is refused. */
  readonly epoch: number
  /** Changes when the rule is dropped and made anew, or its state is reset. Handed to its sinks. */
  readonly generation: string
  /** `KUIPER_PROPS_*` and `PLUTINO_PROPS_*` of the environment, for `props("k")`. */
  readonly props: Readonly<Record<string, string>>
}

/** A plugin's script for the worker, and what its package may reach, which stays on this side. */
export interface PluginSpec extends PluginCode {
  /** Missing: nothing was granted. */
  readonly powers?: PluginPowers | undefined
}

/** What the operator granted to a package of plugins, and what it asked for and was not given. */
export interface PluginPowers {
  /** Origins: `https://api.example.com`, `tcp://db:3306`, `tls://db:3307`; exact, in lower case, without a port that the scheme has anyway. */
  readonly network: readonly string[]
  readonly files: GrantedFiles
  /** Values by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** Names of secrets that were granted and that the host has not got. */
  readonly unset?: readonly string[] | undefined
  /** Asked for and not granted, by power and name: `network tcp://db:3306`. */
  readonly asked: readonly string[]
  /** What an operator calls to grant: `POST /plugins/sinks/mysql/grants, plutino plugin grant mysql`. */
  readonly grantCall: string
}

export interface GrantedFiles {
  readonly private?: { readonly path: string; readonly quotaBytes: number } | undefined
  /** By the name that the manifest gives them. */
  readonly folders: Readonly<
    Record<string, { readonly path: string; readonly access: 'read' | 'write' }>
  >
}

export const powerNames = ['network', 'files', 'secrets'] as const

export type PowerName = (typeof powerNames)[number]

export interface SourceSpec {
  readonly stream: string
  readonly type: string
  readonly datasource: string
  /** The CONF_KEY section over `default`, with secrets filled in. */
  readonly props: Readonly<Record<string, unknown>>
  /** One source for all rules of the tenant that read this stream. */
  readonly shared: boolean
  /** Tuples not yet read, at most. */
  readonly bufferLength: number
  readonly bufferBytes: number
  readonly dropPolicy: 'oldest' | 'newest'
  /** Bytes on disk of a stream that is read at qos 1 or 2 and cannot go back. @default 1 GiB */
  readonly spoolLimit?: number | undefined
}

export interface ActionSpec {
  readonly type: string
  readonly props: Readonly<Record<string, unknown>>
}

export interface DeployOptions {
  readonly qos: 0 | 1 | 2
  readonly checkpointIntervalMs: number
  readonly saveStateBeforeStop: boolean
  /** ms after which a stop is cut short: the worker is ended as it is. Missing or 0: never, each step has a limit of its own. */
  readonly forceExitTimeoutMs?: number | undefined
  readonly debug: boolean
  /** Heap and external memory of the rule's worker, bytes. */
  readonly memoryLimitBytes: number
  /** Share of one core over ten seconds; over it the rule is fed more slowly. Missing or 0: without. */
  readonly cpuLimit?: number | undefined
  /** What happens when a plugin reports an error. A worker's death is restarted by default, whatever `attempts` says. */
  readonly restart: RestartStrategy
}

export interface RestartStrategy {
  readonly attempts: number
  readonly delayMs: number
  readonly multiplier: number
  readonly maxDelayMs: number
  readonly jitterFactor: number
}

export interface StopOptions {
  /** Why, for the status: `canceled manually`, `stopped by update`, … */
  readonly reason?: string | undefined
  /** What is buffered is read and sent first, for so long at most. */
  readonly drainMs?: number | undefined
  /** A checkpoint is taken at the end, whatever the rule's options say. */
  readonly keepState?: boolean | undefined
}

export const ruleStates = [
  'stopped',
  'starting',
  'running',
  'stopping',
  'stopped by error',
  'stuck',
] as const

export type RuleState = (typeof ruleStates)[number]

export interface RuleStatus {
  readonly state: RuleState
  /** Why it is in this state, in one line for an operator. Empty when there is nothing to say. */
  readonly message: string
  readonly lastStartTimestamp: number
  readonly lastStopTimestamp: number
  /** Kuiper's flat keys: `source_demo_0_records_in_total`, `op_3_filter_0_…`, `sink_mqtt_0_0_…`. */
  readonly metrics: Readonly<Record<string, number | string>>
  /** Deaths of the worker, newest last, at most 10. */
  readonly deaths: readonly Death[]
  readonly restarts: number
  readonly memoryBytes: number
  readonly cpuMs: number
  readonly checkpoint:
    | { readonly epoch: number; readonly at: number; readonly bytes: number }
    | undefined
}

export interface Death {
  readonly at: number
  readonly reason: string
  /** What the worker had too much of, if that is why it was ended. */
  readonly limit?: LimitName | undefined
}

export interface CellEvent extends RuleKey {
  readonly state: RuleState
  readonly message: string
}

export interface CellHealth {
  /** A thread that cannot be ended runs in this process: it should be replaced. */
  readonly degraded: boolean
  readonly stuckRules: readonly RuleKey[]
  /** 99th percentile of the event loop's delay in the last seconds, ms. */
  readonly loopDelayMs: number
}

/** What a cell asks of those above it. Given when it is built; crosses a process border by messages. */
export interface CellEnvironment {
  /**
   * Stores a checkpoint durably. Rejects with code `stale-epoch` when a newer epoch of the rule has committed.
   */
  commit(key: RuleKey, checkpoint: StoredCheckpoint): Promise<void>
  /** One line of a rule's or plugin's log. */
  log(line: LogLine): void
  /** What a tenant has put under keys, in their order; null where there is nothing. Missing: nobody can. */
  keyedState?(tenant: string, keys: readonly string[]): Promise<readonly unknown[]>
  /** A plugin reached for what it was not granted. Called at the first time, then at most every ten seconds with how often. */
  refused?(refusal: RefusedPower): void
}

/** For the audit trail. */
export interface RefusedPower extends RuleKey {
  readonly plugin: string
  readonly version: string
  readonly power: PowerName
  /** `tcp://db:3306`, the name of a folder or a secret; printable, at most 200 characters. */
  readonly to: string
  /** Of the last time, ms since the epoch. */
  readonly at: number
  /** Times since the last call for the same. */
  readonly count: number
}

export interface LogLine extends RuleKey {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly text: string
  readonly plugin?: string | undefined
}

/** A committed state of a rule: what its operators hold, and where its sources and sinks were then. */
export interface StoredCheckpoint {
  readonly epoch: number
  /** ms since the epoch */
  readonly at: number
  /** Opaque: only the worker reads it. */
  readonly state: Uint8Array
  /** By source: the offset of the last tuple seen, for sources that rewind; its sequence number for buffers and spools. */
  readonly sources: readonly {
    readonly stream: string
    readonly sequence: number
    readonly offset?: unknown
    /** So many tuples behind the offset were seen, of an array that a plugin's source handed over. */
    readonly skip?: Skip | undefined
  }[]
  /** By action: the sequence number of the last payload emitted. */
  readonly positions: readonly number[]
  /** In which numbering `positions` counts: made by the cell when a rule starts without a checkpoint. */
  readonly generation?: string | undefined
}

export interface CommittedCheckpoint {
  readonly epoch: number
  readonly at: number
  readonly bytes: number
  readonly pauseMs: number
}

export const cellErrorCodes = [
  'unknown-rule',
  'already-deployed',
  'unknown-connector',
  'bad-property',
  'open-failed',
  'deadline',
  'worker-died',
  'stale-epoch',
  'closed',
  'not-swapped',
  'unknown-stream',
  'not-resettable',
] as const

export type CellErrorCode = (typeof cellErrorCodes)[number]

/** Told apart by `code`; survives a process border as `{ code, message }`. */
export class CellError extends Error {
  override readonly name = 'CellError'
  readonly code: CellErrorCode

  constructor(code: CellErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
