import type { ColumnDefinition, Create, DefinitionKind, Position } from '#src/sql/ast.ts'
import { didYouMean, SqlError } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { formats, optionKeys } from '#src/sql/options.ts'
import { dataTypeOf } from './data-types.ts'
import type { SchemaColumn } from './plan.ts'

/** A stream or table as the catalog keeps it and the planner takes it: plain data. */
export interface StreamDefinition {
  readonly name: string
  readonly kind: DefinitionKind
  /** `undefined`: schemaless. */
  readonly columns: readonly SchemaColumn[] | undefined
  readonly options: DefinitionOptions
}

export type DefinitionFormat = (typeof formats)[number]

/** WITH (…), checked and with defaults. */
export interface DefinitionOptions {
  readonly datasource: string
  /** @default `mqtt` for a stream, `file` for a table */
  readonly type: string
  /** @default `json` */
  readonly format: DefinitionFormat
  /** The section of the source's configuration. @default `default` */
  readonly confKey: string
  readonly key?: string | undefined
  /** Of a table. @default `scan` */
  readonly tableKind: 'scan' | 'lookup'
  readonly shared: boolean
  readonly strictValidation: boolean
  readonly timestamp?: string | undefined
  readonly timestampFormat?: string | undefined
  /** Rows of a scan table that are kept. @default 9999 for files, 1 for others */
  readonly retainSize: number
  readonly delimiter: string
  readonly schemaId?: string | undefined
  readonly version: string
  /** Properties of the source, over those of CONF_KEY. */
  readonly extra: Readonly<Record<string, unknown>>
  readonly temp: boolean
}

/** Names of streams, tables and rules. */
const namePattern = /^[a-zA-Z0-9_-]+$/

type Key = (typeof optionKeys)[number]

/** What CREATE STREAM or CREATE TABLE defines. @throws SqlError for a name, column or option that cannot be */
export function makeDefinition(create: Create): StreamDefinition {
  const { name, kind, at } = create
  if (!namePattern.test(name)) {
    throw new SqlError('bad-option', `invalid name "${name}" of a ${kind}`, at, {
      hint: 'use letters, digits, "_" and "-"',
    })
  }
  for (const key of Object.keys(create.options)) if (!isKey(key)) throw unknownKey(key, at)
  const columns = create.columns?.map(schemaColumn)
  const options = readOptions(create)
  checkColumns(create, options.format)
  return { name, kind, columns, options }
}

function readOptions(create: Create): DefinitionOptions {
  const { kind, at } = create
  const read = new OptionReader(create)
  const type = read.text('TYPE') ?? (kind === 'table' ? 'file' : 'mqtt')
  const format = read.oneOf('FORMAT', formats) ?? 'json'
  const tableKind = read.oneOf('KIND', ['scan', 'lookup'] as const) ?? 'scan'
  const key = read.text('KEY')
  if (kind === 'stream' && create.options.KIND !== undefined) {
    throw read.invalid('KIND', 'it is for tables: CREATE TABLE')
  }
  if (tableKind === 'lookup' && type === 'memory' && key === undefined) {
    throw new SqlError('bad-option', 'option "key" is required for memory lookup table', at, {
      hint: 'add KEY="column" to WITH',
    })
  }
  return {
    datasource: read.text('DATASOURCE') ?? '',
    type,
    format,
    confKey: read.text('CONF_KEY') ?? 'default',
    key,
    tableKind,
    shared: read.flag('SHARED'),
    strictValidation: read.flag('STRICT_VALIDATION'),
    timestamp: read.text('TIMESTAMP'),
    timestampFormat: read.text('TIMESTAMP_FORMAT'),
    retainSize: read.size('RETAIN_SIZE') || (type === 'file' ? 9999 : 1),
    delimiter: read.text('DELIMITER') || ',',
    schemaId: read.text('SCHEMAID'),
    version: read.text('VERSION') ?? '',
    extra: read.object('EXTRA'),
    temp: read.flag('TEMP'),
  }
}

function schemaColumn(definition: ColumnDefinition): SchemaColumn {
  const dataType = dataTypeOf(definition.column)
  return { name: definition.name, dataType, default: definition.default }
}

function checkColumns(create: Create, format: DefinitionFormat): void {
  const { columns = [], at, kind } = create
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (seen.has(name)) throw new SqlError('duplicate-name', `duplicate column "${name}"`, at)
    seen.add(name)
  }
  if (format !== 'binary') return
  if (kind === 'table') {
    throw new SqlError('bad-option', "'binary' format is not supported for table", at, {
      hint: 'use FORMAT="json" or FORMAT="delimited"',
    })
  }
  const [first, second] = columns
  if (second !== undefined) {
    throw new SqlError('bad-option', "'binary' format stream can have only one field", at, {
      hint: `keep one column of type BYTEA`,
    })
  }
  if (first !== undefined && first.column.type !== 'bytea') {
    throw new SqlError('bad-option', "'binary' format stream can have only bytea type field", at, {
      hint: `declare "${first.name}" as BYTEA`,
    })
  }
}

/** Options by key, each as the type that it must have. */
class OptionReader {
  readonly #create: Create

  constructor(create: Create) {
    this.#create = create
  }

  text(key: Key): string | undefined {
    const value = this.#create.options[key]
    if (typeof value === 'boolean') throw this.invalid(key, 'expected text in double quotes')
    return value
  }

  flag(key: Key): boolean {
    const value = this.#create.options[key] ?? false
    if (typeof value === 'boolean') return value
    const lower = value.toLowerCase()
    if (lower !== 'true' && lower !== 'false') throw this.invalid(key, 'expected "true" or "false"')
    return lower === 'true'
  }

  size(key: Key): number {
    const text = this.text(key) ?? '0'
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(value)) throw this.invalid(key, 'expected a whole number from 0')
    return value
  }

  oneOf<T extends string>(key: Key, allowed: readonly T[]): T | undefined {
    const lower = this.text(key)?.toLowerCase()
    if (lower === undefined) return undefined
    const found = allowed.find((name) => name === lower)
    if (found === undefined) {
      const hint = didYouMean(nearest(lower, allowed), `expected ${allowed.join(', ')}`)
      throw this.invalid(key, hint)
    }
    return found
  }

  object(key: Key): Readonly<Record<string, unknown>> {
    const text = this.text(key)
    if (text === undefined || text === '') return {}
    const value = parseJson(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.invalid(key, 'expected a JSON object')
    }
    return { ...value }
  }

  invalid(key: Key, hint: string | undefined): SqlError {
    const what = `option '${key.toLowerCase()}=${this.#create.options[key]}' is invalid`
    return new SqlError('bad-option', what, this.#create.at, { hint })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // reported by the caller, together with what is JSON and no object
  }
}

function isKey(key: string): key is Key {
  return (optionKeys as readonly string[]).includes(key)
}

function unknownKey(key: string, at: Position): SqlError {
  const hint = didYouMean(nearest(key, optionKeys), `there are ${optionKeys.join(', ')}`)
  return new SqlError('unknown-option', `unknown option key ${key}`, at, { hint })
}
