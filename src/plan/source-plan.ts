import type * as ast from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import type { StreamDefinition } from './definitions.ts'
import type { Derived } from './derived.ts'
import type { Extensions } from './extensions.ts'
import { sourceKind } from './keyed.ts'
import type { SourcePlan } from './plan.ts'
import type { PluginList } from './plugin-list.ts'
import type { RuleOptions } from './rule-options.ts'
import type { Scope, ScopedSource } from './scope.ts'
import { type LookupPlan, type PayloadPlan, sourceFormats } from './source-options.ts'

/** Streams and tables by name. */
export interface Definitions {
  find(name: string): StreamDefinition | undefined
  /** All names, for "did you mean". */
  names(): Iterable<string>
}

/** What the configuration of a source says that the planner must know. */
export interface SourceSettings {
  /** `useInt64ForWholeNumber` @default false */
  readonly wholeIsBigint?: boolean | undefined
  /** Instances of a plugin source. @default the rule's option `concurrency` */
  readonly concurrency?: number | undefined
  /** `payloadField`, `payloadFormat`, … */
  readonly payload?: PayloadPlan | undefined
  /** Of a lookup table. */
  readonly lookup?: Pick<LookupPlan, 'cacheTtlMs' | 'cacheMissing'> | undefined
}

export interface SourceRules {
  readonly definitions: Definitions
  readonly extensions: Extensions
  readonly options: RuleOptions
  /** The rule is temporary itself. */
  readonly temp: boolean
}

/** The stream of FROM. @throws SqlError when there is none, or the rule cannot read it */
export function findSource(from: ast.FromItem, rules: SourceRules): StreamDefinition {
  const { name, at } = from
  const definition = rules.definitions.find(name)
  if (definition === undefined) {
    const what = `fail to get stream ${name}, please check if stream is created`
    throw new SqlError('unknown-stream', what, at, {
      hint: didYouMean(nearest(name, rules.definitions.names()), `CREATE STREAM ${name} first`),
    })
  }
  const refuse = (what: string, hint: string) => new SqlError('bad-option', what, at, { hint })
  const { options } = definition
  if (options.temp && !rules.temp) {
    throw refuse(`${definition.kind} ${name} is temporary`, 'only a rule with temp can read it')
  }
  if (options.shared && rules.options.disableBufferFullDiscard) {
    const what = `disableBufferFullDiscard cannot be used with the shared stream ${name}`
    throw refuse(what, 'one rule that waits would stop all others')
  }
  const isStream = definition.kind === 'stream'
  if (isStream && rules.options.isEventTime && options.timestamp === undefined) {
    const what = 'preprocessor is set to be event time but stream option TIMESTAMP not found'
    throw refuse(what, `add TIMESTAMP="column" to stream ${name}, or leave isEventTime out`)
  }
  return definition
}

export interface SourceParts extends SourceRules {
  readonly scope: Scope
  readonly derived: Derived
  readonly plugins: PluginList
  readonly settings: SourceSettings
  /** Columns that the statement does not read are wanted too. @default false */
  readonly keepsAll?: boolean | undefined
}

/** How the payloads of a source become rows. Call it when all expressions are resolved: it asks what they read. */
export function sourcePlan(source: ScopedSource, at: ast.Position, parts: SourceParts): SourcePlan {
  const { scope, derived, options, settings, keepsAll } = parts
  const { definition, wholeIsBigint } = source
  const index = scope.sources.indexOf(source)
  const { timestamp, timestampFormat } = definition.options
  const kind = sourceKind(definition)
  const isEventTime = kind === 'stream' && options.isEventTime && timestamp !== undefined
  if (isEventTime) scope.column(timestamp, at, source)
  const prune = !options.planOptimizeStrategy.disableOptimizeRules.includes('columnPruner')
  return {
    name: source.name,
    stream: definition.name,
    type: sourceType(definition),
    kind,
    ...(kind === 'lookup' ? { lookup: lookupOf(definition, settings) } : {}),
    format: formatOf(definition, at),
    delimiter: definition.options.delimiter,
    ...(settings.payload === undefined
      ? {}
      : { payload: payloadOf(definition, settings.payload, at) }),
    schema: definition.columns,
    columns: prune && keepsAll !== true ? scope.columnsOf(source) : undefined,
    strict: definition.options.strictValidation,
    ...(options.ignoreCase ? { anyCase: scope.namesOf(source) } : {}),
    wholeIsBigint,
    meta: derived.metas
      .filter((meta) => meta.source === index)
      .map(({ path, as }) => ({ path, as })),
    timestamp: isEventTime ? { column: timestamp, format: timestampFormat } : undefined,
    timeAs: derived.timeColumns.get(index),
    plugin: pluginOf(definition, at, parts),
    concurrency: settings.concurrency ?? options.concurrency,
  }
}

function lookupOf({ options }: StreamDefinition, { lookup }: SourceSettings): LookupPlan {
  return { key: options.key, cacheTtlMs: lookup?.cacheTtlMs, cacheMissing: lookup?.cacheMissing }
}

function formatOf({ name, options }: StreamDefinition, at: ast.Position): SourcePlan['format'] {
  const format = sourceFormats.find((known) => known === options.format)
  if (format !== undefined) return format
  const what = `format ${options.format} of stream ${name} is not supported yet`
  throw new SqlError('not-supported', what, at)
}

function payloadOf(
  definition: StreamDefinition,
  payload: PayloadPlan,
  at: ast.Position,
): PayloadPlan {
  if (payload.batchField === undefined || sourceKind(definition) !== 'lookup') return payload
  const what = `payloadBatchField cannot be used with the lookup table ${definition.name}`
  throw new SqlError('bad-option', what, at, { hint: 'payloadField alone can' })
}

function pluginOf(
  definition: StreamDefinition,
  at: ast.Position,
  { extensions, plugins }: SourceParts,
): number | undefined {
  const type = sourceType(definition)
  if (extensions.isBuiltIn('source', type)) return undefined
  if (sourceKind(definition) === 'lookup' && extensions.isLookup?.(type) === true) return undefined
  const extension = extensions.plugin('source', type)
  if (extension !== undefined) return plugins.add(extension.use)
  throw new SqlError(
    'bad-option',
    `stream ${definition.name} needs the source plugin "${type}"`,
    at,
    {
      hint: didYouMean(nearest(type, extensions.names('source')), 'install it'),
    },
  )
}

/** `TYPE="MySource"` means `mySource`: only the first letter may differ. */
function sourceType({ options: { type } }: StreamDefinition): string {
  return type.slice(0, 1).toLowerCase() + type.slice(1)
}
