import type { EncodeOptions } from '#src/plan/plan.ts'
import { ANY } from '#src/plan/types.ts'
import type { EncoderContext } from './encoder.ts'
import type { Field } from './row-text.ts'

/**
 * The fields that one action sends, in order; `undefined` where they are known only when a row comes. An action that
 * names its `fields` gets each of them, null where the row has none.
 */
export function emittedFields(
  options: EncodeOptions,
  context: EncoderContext,
): readonly Field[] | undefined {
  const { fields, excludeFields = [] } = options
  const { output, sendNilField } = context
  if (fields !== undefined && fields.length > 0) {
    return fields.map((name) => {
      const dataType = output?.find((column) => column.name === name)?.dataType ?? ANY
      return { name, dataType, nulls: 'written' }
    })
  }
  const hidden = new Set([...context.hidden, ...excludeFields])
  return output
    ?.filter(({ name }) => !hidden.has(name))
    .map(({ name, dataType, keepsNull }) => {
      if (sendNilField) return { name, dataType, nulls: 'written' }
      return { name, dataType, nulls: keepsNull === true ? 'explicit' : 'dropped' }
    })
}

/** The columns that no payload of the action has. */
export function excludedFields(options: EncodeOptions, context: EncoderContext): Set<string> {
  return new Set([...context.hidden, ...(options.excludeFields ?? [])])
}
