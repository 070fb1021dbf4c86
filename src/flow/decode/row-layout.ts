import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { Row } from '#src/operators/operator.ts'
import { literalKey } from '#src/own-property.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import type { DataType } from '#src/plan/types.ts'
import { inexact } from './exact.ts'
import { type Convert, columnConversion, isPlainColumn, type SchemaOptions } from './schema.ts'

/** A column that the rule reads. */
export interface Column {
  readonly name: string
  /** From any decoded value, also one with exact whole numbers. */
  readonly convert: Convert
  /** The column's own reader already gives the right value: `convert` would change nothing. */
  readonly isPlain: boolean
  /** Whole numbers beyond 2^53 are wanted as bigint, in the value or inside it. */
  readonly isExact: boolean
}

/** Which columns a row has, in which order, and how it is built with one hidden class. */
export interface RowLayout {
  /** `undefined`: the whole payload is the row. */
  readonly columns: readonly Column[] | undefined
  /** Some value needs whole numbers beyond 2^53. */
  readonly isExact: boolean
  /** A row with every key and no values. */
  blank(): Row
  copy(row: Row): Row
  /** Fills a row from a decoded object. Throws `SchemaMismatch`. */
  fill(row: Row, value: Readonly<Record<string, unknown>>): void
}

export function rowLayout(source: SourcePlan, timeZone: string): RowLayout {
  const columns = columnsOf(source, timeZone)
  if (columns === undefined) {
    return { columns, isExact: source.wholeIsBigint, blank: () => ({}), copy: same, fill: noFill }
  }
  const keys = new Set(columns.map(({ name }) => name))
  for (const { as } of source.meta) keys.add(as)
  if (source.timeAs !== undefined) keys.add(source.timeAs)
  const { blank, copy } = literals([...keys])
  return {
    columns,
    isExact: columns.some(({ isExact }) => isExact),
    blank,
    copy,
    fill: filling(columns),
  }
}

function columnsOf(source: SourcePlan, timeZone: string): Column[] | undefined {
  const { schema, columns, wholeIsBigint } = source
  if (schema === undefined) {
    const known = { convert: unchanged, isPlain: true, isExact: wholeIsBigint }
    return columns?.map((name) => ({ name, ...known }))
  }
  const options: SchemaOptions = {
    strict: source.strict,
    timeFormat: source.timestamp?.format,
    timeZone,
  }
  const names = columns ?? schema.map(({ name }) => name)
  return names.map((name) => {
    const column = schema.find((known) => known.name === name)
    if (column === undefined) return { name, convert: inexact, isPlain: true, isExact: false }
    return {
      name,
      convert: columnConversion(column, options),
      isPlain: isPlainColumn(column, options),
      isExact: holdsBigint(column.dataType),
    }
  })
}

function holdsBigint(dataType: DataType): boolean {
  switch (dataType.type) {
    case 'bigint':
      return true
    case 'any':
      return dataType.wholeIsBigint === true
    case 'array':
      return holdsBigint(dataType.element)
    case 'struct':
      return Object.values(dataType.fields ?? {}).some(holdsBigint)
    default:
      return false
  }
}

/** Object literals in generated code: all rows of a source then share one hidden class, and copying is one allocation. */
function literals(keys: readonly string[]): { blank(): Row; copy(row: Row): Row } {
  const named = keys.map((key) => ({ key: literalKey(key), member: JSON.stringify(key) }))
  const blank = named.map(({ key }) => `${key}: undefined`).join(', ')
  const copy = named.map(({ key, member }) => `${key}: row[${member}]`).join(', ')
  return new FunctionConstructor(
    `return { blank: () => ({ ${blank} }), copy: (row) => ({ ${copy} }) }`,
  )()
}

/** Lays one row over another, both with all these keys, but for one of them: that of the row below does not count. */
export function overlay(keys: readonly string[], except: string): (below: Row, above: Row) => Row {
  const fields = keys.map((key) => {
    const member = `[${JSON.stringify(key)}]`
    const rest = key === except ? '' : ` === undefined ? below${member} : above${member}`
    return `${literalKey(key)}: above${member}${rest}`
  })
  return new FunctionConstructor(`return (below, above) => ({ ${fields.join(', ')} })`)()
}

function filling(columns: readonly Column[]): RowLayout['fill'] {
  const lines = columns.map(({ name, convert }, index) => {
    const key = JSON.stringify(name)
    const value =
      name in Object.prototype
        ? `hasOwn(value, ${key}) ? value[${key}] : undefined`
        : `value[${key}]`
    return `row[${key}] = ${convert === unchanged ? value : `convert${index}(${value})`}`
  })
  const names = columns.map((_, index) => `convert${index}`)
  const make = new FunctionConstructor(
    'hasOwn',
    ...names,
    `return function fill(row, value) {\n${lines.join('\n')}\n}`,
  )
  return make(Object.hasOwn, ...columns.map(({ convert }) => convert))
}

function unchanged(value: unknown): unknown {
  return value
}

function same(row: Row): Row {
  return row
}

function noFill(): void {}
