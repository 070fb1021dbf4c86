import type { ColumnType } from '#src/sql/ast.ts'
import type { DataType } from './types.ts'

/** The type of a column as its schema says. */
export function dataTypeOf(column: ColumnType): DataType {
  if (column.type === 'array') return { type: 'array', element: dataTypeOf(column.element) }
  if (column.type !== 'struct') return { type: column.type }
  const fields = Object.fromEntries(
    column.fields.map((field) => [field.name, dataTypeOf(field.column)]),
  )
  return { type: 'struct', fields }
}

/** As it is written in a schema: `BIGINT`, `ARRAY(STRUCT(x BIGINT))`. */
export function typeName(dataType: DataType): string {
  if (dataType.type === 'array') return `ARRAY(${typeName(dataType.element)})`
  if (dataType.type !== 'struct') return dataType.type.toUpperCase()
  const fields = Object.entries(dataType.fields ?? {})
  return `STRUCT(${fields.map(([name, type]) => `${name} ${typeName(type)}`).join(', ')})`
}
