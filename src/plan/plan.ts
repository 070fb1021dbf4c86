import type { Template } from '#src/template/template.ts'
import type { AggregateCall, AnalyticCall, DedupTriggerCall, PlanExpression } from './expression.ts'
import type { FlowSettings } from './flow-settings.ts'
import type {
  BatchOptions,
  CompressionOptions,
  DeadLetterPlan,
  DynamicProperty,
} from './payload-options.ts'
import type { LookupPlan, PayloadPlan, SourceFormat } from './source-options.ts'
import type { DataType } from './types.ts'

/**
 * What a rule worker executes: plain data, made once on the main thread, cloned to the worker, compiled there once.
 */
export interface Plan {
  readonly ruleId: string
  readonly sources: readonly SourcePlan[]
  /** The last node; its inputs lead back to the sources. */
  readonly root: PlanNode
  /** True when what reaches the sinks is one emission per batch (behind a window or join), not one per row. */
  readonly emitsBatches: boolean
  readonly output: readonly OutputColumn[] | undefined
  readonly hidden: readonly string[]
  /** Of rows whose columns only they know: an explicit null in them is written, `undefined` never. @default false */
  readonly keepsNull?: boolean | undefined
  readonly actions: readonly ActionPlan[]
  /** Sinks of plugins for dead letters; their numbers follow those of the actions. @default none */
  readonly deadLetters?: readonly DeadLetterPlan[] | undefined
  readonly plugins: readonly PluginUse[]
  readonly settings: FlowSettings
}

/** Stable across restarts and changes of the rule: kind, normalized expressions, ids of the inputs. */
export type OperatorId = string & { readonly __operator: unique symbol }

/** A column of the rule's output and what the encoder must know of it. */
export interface OutputColumn {
  readonly name: string
  readonly dataType: DataType
  /** A column as it came: an explicit null in the payload is kept (`undefined`, what was missing, is dropped as ever). */
  readonly keepsNull?: boolean | undefined
}

/** How the payloads of one stream become rows. The index in `Plan.sources` is the source's number in the protocol. */
export interface SourcePlan {
  /** The stream's name, or its alias in the statement: what rows behind a join are keyed by. */
  readonly name: string
  readonly stream: string
  readonly type: string
  readonly kind: 'stream' | 'table' | 'lookup'
  readonly format: SourceFormat
  readonly delimiter: string
  readonly payload?: PayloadPlan | undefined
  /** The columns of the schema; `undefined`: schemaless. */
  readonly schema: readonly SchemaColumn[] | undefined
  /** The top-level columns that the rule reads; `undefined`: all of them (`SELECT *`). */
  readonly columns: readonly string[] | undefined
  readonly strict: boolean
  /** `ignoreCase`: names as the statement and the schema spell them; keys of payloads may have another case. */
  readonly anyCase?: readonly string[] | undefined
  readonly wholeIsBigint: boolean
  /** Metadata that the rule reads, each into its hidden column. `path` empty: the whole of it. */
  readonly meta: readonly { readonly path: readonly string[]; readonly as: string }[]
  readonly timestamp?: { readonly column: string; readonly format?: string | undefined } | undefined
  /** Set where the rule reads `event_time()`: the hidden column for the row's time. */
  readonly timeAs?: string | undefined
  readonly lookup?: LookupPlan | undefined
  /** The plugin that serves the source, by index in `Plan.plugins`; a built-in connector when missing. */
  readonly plugin?: number | undefined
  /** How many instances a plugin source has. */
  readonly concurrency: number
}

export interface SchemaColumn {
  readonly name: string
  readonly dataType: DataType
  readonly default?: number | bigint | string | boolean | undefined
}

export type PlanNode =
  | SourceNode
  | MergeNode
  | TablesNode
  | JoinNode
  | LookupNode
  | FilterNode
  | HitNode
  | AnalyticNode
  | ComputeNode
  | WindowNode
  | AggregateNode
  | RankNode
  | DedupTriggerNode
  | SortNode
  | UnnestNode
  | LimitNode
  | ProjectNode
  | DistinctNode

interface NodeBase {
  readonly id: OperatorId
}

/** Decoding, and the filter that stands next to it: rows that fail are never built. */
export interface SourceNode extends NodeBase {
  readonly type: 'source'
  readonly source: number
  readonly filter?: PlanExpression | undefined
}

/**
 * Rows of several sources in one order. From here on a row is `{ [source]: row | null }` with all sources of the
 * statement in it, one of them set.
 */
export interface MergeNode extends NodeBase {
  readonly type: 'merge'
  readonly inputs: readonly SourceNode[]
  /** The names of all sources of the statement, lookup tables too, in their order. */
  readonly names: readonly string[]
}

/** Takes the rows of scan tables out of the stream and keeps the newest of each for the join behind it. */
export interface TablesNode extends NodeBase {
  readonly type: 'tables'
  readonly input: PlanNode
  readonly tables: readonly { readonly name: string; readonly retain: number }[]
}

/** Pairs the rows of an emission; without a window before it every row of a stream is an emission of its own. */
export interface JoinNode extends NodeBase {
  readonly type: 'join'
  readonly input: PlanNode
  /** The source in FROM. */
  readonly first: string
  /** Left to right. */
  readonly steps: readonly JoinStep[]
}

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'cross'

export interface JoinStep {
  readonly join: JoinKind
  /** The source that is joined to those before it. */
  readonly source: string
  /** It is a scan table: its rows come from the `tables` node. */
  readonly table: boolean
  /** The equalities of ON between the sources before (`left`) and this one; compared structurally, null equals nothing. */
  readonly keys: readonly { readonly left: PlanExpression; readonly right: PlanExpression }[]
  /** What else ON asks for. */
  readonly rest?: PlanExpression | undefined
}

/** Joins rows with what the host finds in a lookup table. A stage border. */
export interface LookupNode extends NodeBase {
  readonly type: 'lookup'
  readonly input: PlanNode
  readonly join: 'inner' | 'left'
  /** Its number in `Plan.sources`, and its name. */
  readonly source: number
  readonly name: string
  /** The table's columns, and what they must equal. */
  readonly keys: readonly { readonly column: string; readonly value: PlanExpression }[]
  readonly rest?: PlanExpression | undefined
}

export interface FilterNode extends NodeBase {
  readonly type: 'filter'
  readonly input: PlanNode
  readonly predicate: PlanExpression
  /** `having` names the same operator in explain and metrics. */
  readonly clause: 'where' | 'having'
}

/**
 * Filters and counts: `last_hit_count()` and `last_hit_time()` are columns of its rows that say how many rows passed
 * before, and when the last did. `having`: counts emissions of which a row passed.
 */
export interface HitNode extends NodeBase {
  readonly type: 'hit'
  readonly input: PlanNode
  readonly predicate?: PlanExpression | undefined
  readonly clause: 'where' | 'having'
}

export interface AnalyticNode extends NodeBase {
  readonly type: 'analytic'
  readonly input: PlanNode
  readonly calls: readonly AnalyticCall[]
}

/**
 * Adds hidden columns to each row. For what the statement names once and uses several times: it is evaluated once per row
 * (`SELECT rand() AS r, r * 2`), and a chain of aliases does not grow with each use. No column reads another of its node.
 */
export interface ComputeNode extends NodeBase {
  readonly type: 'compute'
  readonly input: PlanNode
  readonly columns: readonly { readonly expression: PlanExpression; readonly as: string }[]
}

/** Times and lengths in ms. */
export type WindowSpec =
  | { readonly window: 'tumbling'; readonly lengthMs: number; readonly unit: TimeUnit }
  | {
      readonly window: 'hopping'
      readonly lengthMs: number
      readonly intervalMs: number
      readonly unit: TimeUnit
    }
  | {
      readonly window: 'sliding'
      readonly lengthMs: number
      readonly delayMs: number
      readonly when?: PlanExpression | undefined
      /** With a delay: fires on arrival too. */
      readonly sendTwice?: boolean | undefined
    }
  | {
      readonly window: 'session'
      readonly maxMs: number
      readonly timeoutMs: number
      readonly partition: readonly PlanExpression[]
    }
  | { readonly window: 'count'; readonly length: number; readonly interval: number }
  | {
      readonly window: 'state'
      readonly begin: PlanExpression
      readonly emit?: PlanExpression | undefined
      readonly partition: readonly PlanExpression[]
    }

export type TimeUnit = 'dd' | 'hh' | 'mi' | 'ss' | 'ms'

/**
 * Keeps the rows of a window and emits them as one batch, with `window_start()`, `window_end()` and `window_trigger()` in
 * hidden columns.
 */
export interface WindowNode extends NodeBase {
  readonly type: 'window'
  readonly input: PlanNode
  readonly spec: WindowSpec
  readonly filter?: PlanExpression | undefined
}

/**
 * Groups rows and aggregates them: per window when `window` is set (then no rows are kept but what an aggregate keeps),
 * else per batch of its input. Emits one batch per window with a row per group.
 */
export interface AggregateNode extends NodeBase {
  readonly type: 'aggregate'
  readonly input: PlanNode
  readonly window?: WindowSpec | undefined
  /** FILTER(WHERE …) of the window. */
  readonly filter?: PlanExpression | undefined
  /** The dimensions, each into its hidden column. Compared structurally: `1` and `"1"` are two groups. */
  readonly keys: readonly { readonly expression: PlanExpression; readonly as: string }[]
  readonly calls: readonly AggregateCall[]
  /** What is neither grouped nor aggregated: its value in the group's first row. */
  readonly first: readonly { readonly expression: PlanExpression; readonly as: string }[]
  /** Behind no window: every row is a group of its own, and every row gives one. */
  readonly perRow?: boolean | undefined
  /** `SELECT *, count(*)`: the rows that come out begin with all columns of the group's first row that are not hidden. */
  readonly keepFirst?: boolean | undefined
}

/** `row_number()`: numbers the rows of each emission, by partition, in an order; into a hidden column. */
export interface RankNode extends NodeBase {
  readonly type: 'rank'
  readonly input: PlanNode
  readonly calls: readonly RankCall[]
}

export interface RankCall {
  readonly partition: readonly PlanExpression[]
  readonly order: readonly { readonly expression: PlanExpression; readonly descending: boolean }[]
  readonly as: string
}

/** Holds rows until the range of time that they ask for is over, and says what of it no row before had. */
export interface DedupTriggerNode extends NodeBase, DedupTriggerCall {
  readonly type: 'dedup-trigger'
  readonly input: PlanNode
}

export interface SortNode extends NodeBase {
  readonly type: 'sort'
  readonly input: PlanNode
  readonly keys: readonly { readonly expression: PlanExpression; readonly descending: boolean }[]
}

/** A row for each element of an array, which stands in a hidden column. */
export interface UnnestNode extends NodeBase {
  readonly type: 'unnest'
  readonly input: PlanNode
  readonly expression: PlanExpression
  readonly as: string
}

/** At most `count` rows of each emission. */
export interface LimitNode extends NodeBase {
  readonly type: 'limit'
  readonly input: PlanNode
  readonly count: number
}

/** The rows as the sinks get them. */
export interface ProjectNode extends NodeBase {
  readonly type: 'project'
  readonly input: PlanNode
  readonly fields: readonly ProjectField[]
}

/** Leaves out rows of an emission that are like an earlier one. */
export interface DistinctNode extends NodeBase {
  readonly type: 'distinct'
  readonly input: PlanNode
  /** There is no window: rows that are like one of an earlier emission are left out too. */
  readonly stream?: true | undefined
}

export type ProjectField =
  | { readonly type: 'value'; readonly name: string; readonly expression: PlanExpression }
  /** All columns of the input, or of one stream behind a join, without those hidden and those named. */
  | {
      readonly type: 'star'
      readonly stream?: string | undefined
      readonly except: readonly string[]
    }
  /** The columns of an object. What is none stands under `name`, or fails where `strict` says what to say. */
  | {
      readonly type: 'spread'
      readonly name: string
      readonly expression: PlanExpression
      readonly strict?: string | undefined
    }

/** How one sink of the rule's actions gets what the rule emits. */
export interface ActionPlan {
  /** Position in the flattened list of the rule's actions; part of the sink's metric keys: `sink_mqtt_0_0_…`. */
  readonly index: number
  readonly type: string
  readonly encode: EncodeOptions
  readonly plugin?: number | undefined
  /** What `configure` of a plugin sink gets. */
  readonly props?: Readonly<Record<string, unknown>> | undefined
  /**
   * Of a plugin sink: what is emitted goes to the host as for a built-in one, which keeps it until the plugin has it (cache,
   * dead letters, attempts) and hands it back for that.
   */
  readonly throughHost?: true | undefined
}

export interface EncodeOptions {
  readonly format: 'json' | 'delimited' | 'binary' | 'urlencoded'
  /** One payload per row instead of one per emission. */
  readonly sendSingle: boolean
  /** Rows that came behind the watermark, as they came, instead of what the rule emits. */
  readonly lateRows?: true | undefined
  readonly omitIfEmpty: boolean
  /** Only these fields, in this order. */
  readonly fields?: readonly string[] | undefined
  readonly excludeFields?: readonly string[] | undefined
  readonly delimiter: string
  readonly hasHeader: boolean
  /** What makes the payload of the emission, before `dataField` and `fields`. */
  readonly template?: Template | undefined
  /** The column that is sent instead of the row. */
  readonly dataField?: string | undefined
  /** Several emissions in one payload. */
  readonly batch?: BatchOptions | undefined
  /** Of each payload, before it leaves the worker. */
  readonly compression?: CompressionOptions | undefined
  /** Properties of the sink that are made for each payload. */
  readonly dynamic?: readonly DynamicProperty[] | undefined
}

/** A plugin's extension that the rule uses. The code itself travels in `DeployParams.plugins`, same index. */
export interface PluginUse {
  readonly kind: 'source' | 'sink' | 'function'
  /** The name in SQL, TYPE or action. */
  readonly name: string
  readonly package: string
  readonly version: string
  readonly tier: 'sandboxed' | 'trusted'
  /** Of the zip that it came in: a version may be installed again with other content. */
  readonly sha256?: string | undefined
  /** Of a source: it goes back to an offset, and brings the same tuples in the same order again. */
  readonly rewinds?: boolean | undefined
}
