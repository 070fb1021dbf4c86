import type { BinaryOperator } from '#src/sql/ast.ts'
import { ANY, type DataType } from './types.ts'

const BIGINT: DataType = { type: 'bigint' }
const FLOAT: DataType = { type: 'float' }
export const BOOLEAN: DataType = { type: 'boolean' }

/** The type of `left operator right`. */
export function binaryType(operator: BinaryOperator, left: DataType, right: DataType): DataType {
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmeticType(left, right)
    case '|':
    case '^':
    case '&':
      return BIGINT
    case 'OR':
    case 'AND':
    case '=':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return BOOLEAN
    default:
      return operator satisfies never
  }
}

/** A number in an `any` is a FLOAT, unless whole numbers are BIGINT there: then only the row tells. */
function arithmeticType(left: DataType, right: DataType): DataType {
  if (left.type === 'bigint' && right.type === 'bigint') return BIGINT
  if (isFloat(left) || isFloat(right)) return FLOAT
  return { type: 'any', wholeIsBigint: true }
}

function isFloat(dataType: DataType): boolean {
  return dataType.type === 'float' || (dataType.type === 'any' && dataType.wholeIsBigint !== true)
}

/** The type of `-operand`. */
export function negateType(operand: DataType): DataType {
  if (operand.type === 'bigint' || operand.type === 'float') return operand
  return isFloat(operand) ? FLOAT : { type: 'any', wholeIsBigint: true }
}

/** The type of `base->name`; `undefined` when the base has no such field. */
export function fieldType(base: DataType, name: string): DataType | undefined {
  if (base.type === 'any') return base
  if (base.type !== 'struct') return undefined
  return base.fields === undefined ? ANY : ownField(base.fields, name)
}

function ownField(fields: Readonly<Record<string, DataType>>, name: string): DataType | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** The type of `base[index]`. */
export function elementType(base: DataType): DataType {
  if (base.type === 'array') return base.element
  return base.type === 'any' ? base : ANY
}

/** One type for values of several, as in CASE; `any` when they differ. */
export function commonType(types: readonly DataType[]): DataType {
  const [first, ...others] = types
  if (first === undefined) return ANY
  if (others.every((other) => sameType(other, first))) return first
  const whole = types.every((type) => type.type !== 'any' || type.wholeIsBigint === true)
  // A BIGINT among FLOATs must stay one: in an `any` that says nothing it would count as FLOAT.
  return whole && types.some(mayBeWhole) ? { type: 'any', wholeIsBigint: true } : ANY
}

function mayBeWhole(dataType: DataType): boolean {
  return dataType.type === 'bigint' || (dataType.type === 'any' && dataType.wholeIsBigint === true)
}

function sameType(a: DataType, b: DataType): boolean {
  if (a.type === 'any' && b.type === 'any') return a.wholeIsBigint === b.wholeIsBigint
  if (a.type === 'array' && b.type === 'array') return sameType(a.element, b.element)
  if (a.type === 'struct' && b.type === 'struct') return a.fields === b.fields
  return a.type === b.type
}
