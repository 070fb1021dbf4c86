import type { Options } from '#host/config/options.ts'
import { HostError } from '#host/errors.ts'
import { checkOptions, type OptionSchema } from '#host/plugins/option-schema.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'

/** What every source understands, whatever a plugin's schema says. */
const sourceProps = new Set([
  'bufferBytes',
  'bufferLength',
  'concurrency',
  'datasource',
  'decompression',
  'delimiter',
  'dropPolicy',
  'fields',
  'format',
  'hasHeader',
  'interval',
  'lookup',
  'payloadBatchField',
  'payloadDelimiter',
  'payloadField',
  'payloadFormat',
  'payloadSchemaId',
  'schemaId',
  'spoolLimit',
  'useInt64ForWholeNumber',
])

/** What every sink understands. */
export const sinkProps: ReadonlySet<string> = new Set([
  'batchSize',
  'bufferLength',
  'bufferPageSize',
  'cacheFullPolicy',
  'cleanCacheAtStop',
  'compression',
  'compressionProps',
  'concurrency',
  'dataField',
  'dataTemplate',
  'deadLetter',
  'delimiter',
  'enableCache',
  'encProps',
  'encryption',
  'encryptionProps',
  'excludeFields',
  'fields',
  'format',
  'hasHeader',
  'lateRows',
  'lingerInterval',
  'maxDiskCache',
  'maxDiskCacheBytes',
  'memoryCacheThreshold',
  'omitIfEmpty',
  'openTimeout',
  'resendAlterQueue',
  'resendDestination',
  'resendIndicatorField',
  'resendInterval',
  'resendPriority',
  'retryAttempts',
  'retryCount',
  'retryDelay',
  'retryInterval',
  'retryMaxDelay',
  'runAsync',
  'schemaId',
  'sendSingle',
  'tableDataField',
])

export interface PluginProps {
  readonly use: PluginUse
  readonly schema: OptionSchema | undefined
  /** `source "random" of stream "demo"`, `action 0` */
  readonly where: string
  readonly props: Readonly<Record<string, unknown>>
}

/** @throws HostError `bad-option` naming property, plugin and what is allowed */
export function checkPluginProps({ use, schema, where, props }: PluginProps): void {
  if (schema === undefined) return
  const found = checkOptions(schema, props, use.kind === 'source' ? sourceProps : sinkProps)
  if (found === undefined) return
  const title = `${use.kind} "${use.name}" of plugin ${use.package}@${use.version}`
  const what = found.path === '' ? 'they' : `"${found.path}"`
  throw new HostError('bad-option', `${where}: properties of ${title}: ${what} ${found.message}`)
}

/**
 * A sandboxed plugin in the worker of a trusted one has no sandbox.
 *
 * @throws HostError `not-allowed` with the names, unless the operator allowed it
 */
export function checkTiers(ruleId: string, plan: Plan, options: Options['plugins']): void {
  const named = (tier: PluginUse['tier']) =>
    plan.plugins.filter((use) => use.tier === tier).map(({ kind, name }) => `${kind} "${name}"`)
  const [trusted, sandboxed] = [named('trusted'), named('sandboxed')]
  if (trusted.length === 0 || sandboxed.length === 0 || options.shareTrusted) return
  throw new HostError(
    'not-allowed',
    `rule "${ruleId}": ${trusted.join(', ')} is trusted and ${sandboxed.join(', ')} is sandboxed; in one worker nothing would confine either; put them into two rules, or set plugins.shareTrusted: true in etc/plutino.yaml`,
  )
}
