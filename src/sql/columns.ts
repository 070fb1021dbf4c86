import type { ColumnDefinition, ColumnType, Position } from './ast.ts'
import { didYouMean, SqlError } from './errors.ts'
import { decimalLiteral, integerLiteral, negative } from './literal.ts'
import { nearest } from './near.ts'
import type { Reader } from './reader.ts'
import { deepestNesting } from './script.ts'

const scalarTypes = ['bigint', 'float', 'string', 'bytea', 'datetime', 'boolean'] as const
const typeNames = [...scalarTypes.map((type) => type.toUpperCase()), 'ARRAY', 'STRUCT']

type Default = NonNullable<ColumnDefinition['default']>

/** Parses the columns in parentheses; a comma may follow the last. */
export function parseColumns(reader: Reader, depth = 1): ColumnDefinition[] {
  const columns: ColumnDefinition[] = []
  const names = new Set<string>()
  reader.expectOperator('(')
  while (!reader.takeOperator(')')) {
    const { at, found } = reader
    const column = parseColumn(reader, depth)
    if (names.has(column.name)) {
      throw new SqlError('duplicate-name', `column ${found} is defined twice`, at)
    }
    names.add(column.name)
    columns.push(column)
    if (!reader.takeOperator(',') && !reader.isOperator(')')) throw reader.unexpected('"," or ")"')
  }
  return columns
}

function parseColumn(reader: Reader, depth: number): ColumnDefinition {
  const { at, found, token } = reader
  const name = reader.expectName('a column or ")"')
  if (!token.quoted && !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    throw new SqlError('unexpected-token', `unexpected ${found}`, at, {
      hint: 'write a name with other letters than a to z in back-ticks',
    })
  }
  const column = parseType(reader, depth)
  if (!reader.takeWord('DEFAULT')) return { name, column }
  return { name, column, default: parseDefault(reader, name, column) }
}

function parseType(reader: Reader, depth: number): ColumnType {
  const { at, token } = reader
  const word = token.quoted ? '' : token.text.toLowerCase()
  const scalar = scalarTypes.find((type) => type === word && token.kind === 'name')
  if (scalar !== undefined) {
    reader.skip()
    return { type: scalar }
  }
  if (depth > deepestNesting) {
    throw new SqlError('too-deep', 'the type nests too deep', at, {
      hint: `at most ${deepestNesting} levels`,
    })
  }
  if (reader.takeWord('ARRAY')) {
    reader.expectOperator('(')
    const element = parseType(reader, depth + 1)
    reader.expectOperator(')')
    return { type: 'array', element }
  }
  if (reader.takeWord('STRUCT')) return { type: 'struct', fields: parseColumns(reader, depth + 1) }
  throw unknownType(reader)
}

function unknownType(reader: Reader): SqlError {
  const near = reader.token.kind === 'name' ? nearest(reader.token.text, typeNames) : undefined
  if (near === undefined) return reader.unexpected(`a type: ${typeNames.join(', ')}`)
  const what = `unknown type ${reader.found}`
  return new SqlError('unexpected-token', what, reader.at, { hint: didYouMean(near) })
}

function parseDefault(reader: Reader, name: string, column: ColumnType): Default {
  const { at } = reader
  const value = parseLiteral(reader, at)
  if (fits(value, column)) return value
  const type = column.type.toUpperCase()
  const takesDefault = ['bigint', 'float', 'string', 'boolean'].includes(column.type)
  throw new SqlError('wrong-type', `the default of "${name}" is not of type ${type}`, at, {
    hint: takesDefault ? undefined : 'only BIGINT, FLOAT, STRING and BOOLEAN take a default',
  })
}

function parseLiteral(reader: Reader, at: Position): Default {
  const isNegative = reader.takeOperator('-')
  const { kind, text } = reader.token
  if (kind === 'integer' || kind === 'decimal') {
    reader.skip()
    const literal = kind === 'integer' ? integerLiteral(text, at) : decimalLiteral(text, at)
    return isNegative ? negative(literal).value : literal.value
  }
  if (!isNegative && kind === 'string') {
    reader.skip()
    return text
  }
  if (!isNegative && reader.takeWord('TRUE')) return true
  if (!isNegative && reader.takeWord('FALSE')) return false
  throw reader.unexpected('a number, a string, TRUE or FALSE')
}

function fits(value: Default, column: ColumnType): boolean {
  switch (column.type) {
    case 'bigint':
      return typeof value === 'bigint' || Number.isInteger(value)
    case 'float':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'string':
    case 'boolean':
      return typeof value === column.type
    case 'bytea':
    case 'datetime':
    case 'array':
    case 'struct':
      return false
    default:
      return column satisfies never
  }
}
