import type { DataType } from '#src/plan/types.ts'
import type { KnownArgument, Parameter } from './declaration.ts'

export const BIGINT: DataType = { type: 'bigint' }
export const FLOAT: DataType = { type: 'float' }
export const STRING: DataType = { type: 'string' }
export const BOOLEAN: DataType = { type: 'boolean' }
export const DATETIME: DataType = { type: 'datetime' }
export const BYTEA: DataType = { type: 'bytea' }
export const STRUCT: DataType = { type: 'struct' }
/** What is made of no row's value: whole numbers in it are BIGINT. */
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

/** Values taken from the arguments: whole numbers are BIGINT where no FLOAT can be among them. */
function madeFrom(args: readonly KnownArgument[]): DataType {
  const types = args.flatMap(({ dataType }) => typesIn(dataType))
  const mayBeFloat = types.some((type) => type.type === 'any' && type.wholeIsBigint !== true)
  return { type: 'any', wholeIsBigint: !mayBeFloat }
}

export function arrayFrom(args: readonly KnownArgument[]): DataType {
  return arrayOf(madeFrom(args))
}

/** The type, and those of what is in it. */
function typesIn(type: DataType): readonly DataType[] {
  if (type.type === 'array') return typesIn(type.element)
  if (type.type !== 'struct') return [type]
  return type.fields === undefined ? [{ type: 'any' }] : Object.values(type.fields).flatMap(typesIn)
}
