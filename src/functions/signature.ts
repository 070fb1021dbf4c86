import type { DataType } from '#src/plan/types.ts'
import type { KnownArgument, Parameter } from './declaration.ts'

export const BIGINT: DataType = { type: 'bigint' }
export const FLOAT: DataType = { type: 'float' }
export const STRING: DataType = { type: 'string' }
export const BOOLEAN: DataType = { type: 'boolean' }
export const DATETIME: DataType = { type: 'datetime' }
export const BYTEA: DataType = { type: 'bytea' }
export const STRUCT: DataType = { type: 'struct' }
/** What a function makes itself: whole numbers in it are BIGINT. */
export const MADE: DataType = { type: 'any', wholeIsBigint: true }

export function anything(name: string): Parameter {
  return { name }
}

export function text(name: string): Parameter {
  return { name, types: ['string'] }
}

export function whole(name: string): Parameter {
  return { name, types: ['bigint'] }
}

export function number(name: string): Parameter {
  return { name, types: ['bigint', 'float'] }
}

export function boolean(name: string): Parameter {
  return { name, types: ['boolean'] }
}

/** A DATETIME, milliseconds since the epoch, or a text that is a time. */
export function time(name: string): Parameter {
  return { name, types: ['datetime', 'bigint', 'float', 'string'] }
}

export function array(name: string): Parameter {
  return { name, types: ['array'] }
}

export function struct(name: string): Parameter {
  return { name, types: ['struct'] }
}

export function optional(parameter: Parameter): Parameter {
  return { ...parameter, optional: true }
}

export function rest(parameter: Parameter): Parameter {
  return { ...parameter, rest: true }
}

/** The type of an argument is that of the result. */
export function sameAs(index: number): (args: readonly KnownArgument[]) => DataType {
  return (args) => args[index]?.dataType ?? { type: 'any' }
}

/** The type of the elements of an array argument is that of the result. */
export function elementOf(index: number): (args: readonly KnownArgument[]) => DataType {
  return (args) => {
    const type = args[index]?.dataType ?? { type: 'any' }
    return type.type === 'array' ? type.element : type.type === 'any' ? type : { type: 'any' }
  }
}

export function arrayOf(element: DataType): DataType {
  return { type: 'array', element }
}
