import { Properties } from '#host/cell/connectors/properties.ts'
import type { Props } from '#host/config/connector-config.ts'
import { HostError } from '#host/errors.ts'
import { type PayloadPlan, sourceFormats } from '#src/plan/source-options.ts'
import type { SourceSettings } from '#src/plan/source-plan.ts'
import { isObject } from './definition.ts'

/** What the planner must know of the properties of a stream's or table's source. @throws HostError, CellError */
export function sourceSettings(stream: string, props: Props): SourceSettings {
  const { useInt64ForWholeNumber, concurrency } = props
  if (
    concurrency !== undefined &&
    !(Number.isSafeInteger(concurrency) && Number(concurrency) > 0)
  ) {
    throw new HostError(
      'bad-option',
      `source property concurrency must be a whole number of at least 1, not ${JSON.stringify(concurrency)}`,
    )
  }
  return {
    wholeIsBigint: useInt64ForWholeNumber === true,
    concurrency: concurrency === undefined ? undefined : Number(concurrency),
    payload: payloadSettings(stream, props),
    lookup: lookupSettings(props),
  }
}

/** `payloadField`, and how what it holds is decoded. */
function payloadSettings(stream: string, props: Props): PayloadPlan | undefined {
  const where = `source of "${stream}"`
  const read = new Properties(where, props)
  const field = read.text('payloadField', '')
  const batchField = read.text('payloadBatchField', '')
  const isThere = read.text('payloadFormat', '') !== ''
  if (field === '' && batchField === '' && !isThere) return undefined
  if (field === '' || !isThere) {
    throw new HostError(
      'bad-option',
      `${where}: property "${field === '' ? 'payloadField' : 'payloadFormat'}" is missing: a payload in a field needs both payloadField and payloadFormat`,
    )
  }
  return {
    field,
    batchField: batchField === '' ? undefined : batchField,
    format: read.choice('payloadFormat', 'json', sourceFormats),
    delimiter: read.text('payloadDelimiter', ''),
  }
}

/** `lookup: {cache, cacheTtl, cacheMissingKey}` of a lookup table. */
function lookupSettings({ lookup }: Props): SourceSettings['lookup'] {
  if (!isObject(lookup) || lookup.cache !== true) return undefined
  const read = new Properties('lookup', lookup)
  return {
    cacheTtlMs: read.duration('cacheTtl', 0),
    cacheMissing: read.flag('cacheMissingKey', false),
  }
}
