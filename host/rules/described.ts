import type { ColumnType, Create } from '#src/sql/ast.ts'

/** Kuiper's description of a stream or table. */
export interface Described {
  readonly Name: string
  readonly StreamFields: readonly DescribedField[] | null
  readonly Options: Readonly<Record<string, string | boolean | number>>
  /** 0 a stream, 1 a table. */
  readonly StreamType: 0 | 1
  readonly Statement: null
}

interface DescribedField {
  readonly FieldType: unknown
  readonly Name: string
  readonly DefaultClause?: string | undefined
}

const optionNames: ReadonlyMap<string, string> = new Map([
  ['DATASOURCE', 'datasource'],
  ['KEY', 'key'],
  ['FORMAT', 'format'],
  ['CONF_KEY', 'confKey'],
  ['TYPE', 'type'],
  ['STRICT_VALIDATION', 'strictValidation'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMP_FORMAT', 'timestampFormat'],
  ['SHARED', 'shared'],
  ['SCHEMAID', 'schemaid'],
  ['RETAIN_SIZE', 'retainSize'],
  ['KIND', 'kind'],
  ['DELIMITER', 'delimiter'],
  ['TEMP', 'temp'],
  ['VERSION', 'version'],
  ['EXTRA', 'extra'],
])

const flags = new Set(['SHARED', 'STRICT_VALIDATION', 'TEMP'])

export function describe(create: Create): Described {
  return {
    Name: create.name,
    StreamFields: create.columns?.map(describeField) ?? null,
    Options: describeOptions(create),
    StreamType: create.kind === 'stream' ? 0 : 1,
    Statement: null,
  }
}

function describeField({ name, column, default: value }: NonNullable<Create['columns']>[number]) {
  return {
    FieldType: describeType(column),
    Name: name,
    ...(value === undefined ? {} : { DefaultClause: String(value) }),
  }
}

function describeType(column: ColumnType): unknown {
  switch (column.type) {
    case 'array':
      return { Type: 'array', ElementType: describeType(column.element) }
    case 'struct':
      return { Type: 'struct', Fields: column.fields.map(describeField) }
    default:
      return column.type
  }
}

/** As they were written; what is false or empty is left out. */
function describeOptions({ options }: Create): Described['Options'] {
  const shown: Record<string, string | boolean | number> = {}
  for (const [key, value] of Object.entries(options)) {
    const name = optionNames.get(key)
    if (name === undefined) continue
    if (flags.has(key)) {
      if (String(value).toLowerCase() === 'true') shown[name] = true
    } else if (key === 'RETAIN_SIZE') shown[name] = Number(value)
    else if (value !== '') shown[name] = value
  }
  return shown
}

/** Kuiper's schema of a stream. */
export function describeSchema(create: Create): Record<string, unknown> {
  return Object.fromEntries(
    (create.columns ?? []).map(({ name, column }) => [name, { ...schemaOf(column), index: 0 }]),
  )
}

function schemaOf(column: ColumnType): Record<string, unknown> {
  switch (column.type) {
    case 'array':
      return { type: 'array', items: schemaOf(column.element) }
    case 'struct':
      return {
        type: 'struct',
        properties: Object.fromEntries(
          column.fields.map((field) => [field.name, schemaOf(field.column)]),
        ),
      }
    default:
      return { type: column.type }
  }
}
