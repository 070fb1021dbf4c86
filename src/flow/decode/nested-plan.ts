import type { SchemaColumn, SourcePlan } from '#src/plan/plan.ts'
import type { PayloadPlan } from '#src/plan/source-options.ts'

/** The columns of a source that are decoded, as far as they are known before a payload comes. */
function namesOf({ columns, schema }: SourcePlan): readonly string[] | undefined {
  return columns ?? schema?.map(({ name }) => name)
}

/** What is decoded in two parts is checked and stamped when the parts are together. */
const unchecked = { strict: false, meta: [], timeAs: undefined, payload: undefined } as const

/** The payload around: what the rule reads, and the field. */
export function outerPlan(source: SourcePlan, { field, batchField }: PayloadPlan): SourcePlan {
  const taken = batchField ?? field
  const { schema, format, anyCase } = source
  const names = namesOf(source)
  const isDeclared = schema?.some(({ name }) => name === taken) === true
  return {
    ...source,
    ...unchecked,
    columns: names && [...new Set([...names, taken])],
    // Delimited values take their names from the schema: one more would be the name of one more value.
    schema: isDeclared || format === 'delimited' ? schema : schema && [...schema, exact(taken)],
    anyCase: anyCase && [...anyCase, taken],
  }
}

/** The payload inside: what the rule reads. */
export function innerPlan(source: SourcePlan, { format, delimiter }: PayloadPlan): SourcePlan {
  const { schema } = source
  return {
    ...source,
    ...unchecked,
    format,
    delimiter,
    columns: namesOf(source),
    schema: format === 'delimited' ? schema && positional(schema) : schema,
  }
}

/** Whole numbers beyond 2^53 inside it stay exact until it is known for which column they are. */
function exact(name: string): SchemaColumn {
  return { name, dataType: { type: 'any', wholeIsBigint: true } }
}

/** The schema is of both payloads, in no order of either: delimited values inside are `col0`, `col1`, … in the types declared. */
function positional(schema: readonly SchemaColumn[]): readonly SchemaColumn[] {
  const columns: SchemaColumn[] = []
  for (const column of schema) {
    const [, place] = /^col(0|[1-9]\d{0,3})$/.exec(column.name) ?? []
    if (place !== undefined) columns[Number(place)] = column
  }
  return Array.from(
    columns,
    (column, i) => column ?? { name: `col${i}`, dataType: { type: 'any' } },
  )
}
