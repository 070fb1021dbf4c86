import { Buffer } from 'node:buffer'
import { type TimeReader, timeReader } from '#src/functions/time-format.ts'
import type { SchemaColumn } from '#src/plan/plan.ts'
import type { DataType } from '#src/plan/types.ts'
import { inexact, narrow } from './exact.ts'

export interface SchemaOptions {
  /** STRICT_VALIDATION: a value of another type is an error, and DEFAULT fills what is missing. */
  readonly strict: boolean
  /** TIMESTAMP_FORMAT, for texts in DATETIME columns. */
  readonly timeFormat: string | undefined
  readonly timeZone: string
}

/** Makes the value of a column from what was decoded. Throws `SchemaMismatch`. */
export type Convert = (value: unknown) => unknown

export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
}

/**
 * The conversion of one column. Without STRICT_VALIDATION the schema selects columns and gives bytes, whole numbers and
 * the fields of structs their form; a value of another type stays what it is.
 */
export function columnConversion(column: SchemaColumn, options: SchemaOptions): Convert {
  const convert = conversion(column.dataType, column.name, options)
  const fallback = options.strict ? column.default : undefined
  if (fallback === undefined) return convert
  return (value) => (value === undefined || value === null ? fallback : convert(value))
}

/** True when a value read by the type's own reader needs no further conversion. */
export function isPlainColumn(column: SchemaColumn, options: SchemaOptions): boolean {
  const { type } = column.dataType
  return !options.strict && type !== 'bytea' && type !== 'array' && type !== 'struct'
}

export function conversion(dataType: DataType, name: string, options: SchemaOptions): Convert {
  const convert = options.strict
    ? strictConversion(dataType, name, options)
    : lenientConversion(dataType, name, options)
  return (value) => (value === undefined || value === null ? value : convert(value))
}

function lenientConversion(dataType: DataType, name: string, options: SchemaOptions): Convert {
  switch (dataType.type) {
    case 'bigint':
      return (value) => (typeof value === 'bigint' ? narrow(value) : value)
    case 'any':
      return (value) => (dataType.wholeIsBigint === true ? value : inexact(value))
    case 'float':
    case 'string':
    case 'boolean':
      return inexact
    case 'datetime':
      return (value) => (value instanceof Date ? value.getTime() : inexact(value))
    case 'bytea':
      return (value) => toBytes(value) ?? inexact(value)
    case 'array':
    case 'struct':
      return nestedConversion(dataType, name, options, inexact)
    default:
      return dataType satisfies never
  }
}

function strictConversion(dataType: DataType, name: string, options: SchemaOptions): Convert {
  const mismatch = (value: unknown): never => {
    throw new SchemaMismatch(`${name} has wrong type:${kindOf(value)}, expect:${dataType.type}`)
  }
  switch (dataType.type) {
    case 'bigint':
      return (value) => toWhole(value) ?? mismatch(value)
    case 'float':
      return (value) => toNumber(value) ?? mismatch(value)
    case 'string':
    case 'boolean':
      return (value) => (typeof value === dataType.type ? value : mismatch(value))
    case 'datetime': {
      const read = timeReader(options.timeFormat, options.timeZone)
      return (value) => toTime(value, read) ?? mismatch(value)
    }
    case 'bytea':
      return (value) => toBytes(value) ?? mismatch(value)
    case 'array':
    case 'struct':
      return nestedConversion(dataType, name, options, mismatch)
    case 'any':
      return lenientConversion(dataType, name, options)
    default:
      return dataType satisfies never
  }
}

function nestedConversion(
  dataType: DataType & { readonly type: 'array' | 'struct' },
  name: string,
  options: SchemaOptions,
  other: Convert,
): Convert {
  if (dataType.type === 'array') {
    const element = conversion(dataType.element, name, options)
    return (value) => (Array.isArray(value) ? value.map((each) => element(each)) : other(value))
  }
  if (dataType.fields === undefined) {
    return (value) => (isObject(value) ? inexact(value) : other(value))
  }
  const fields = Object.entries(dataType.fields).map(([field, type]) => {
    return { field, convert: conversion(type, `${name}.${field}`, options) }
  })
  return (value) => {
    if (!isObject(value)) return other(value)
    const known: [string, unknown][] = []
    for (const { field, convert } of fields) {
      if (Object.hasOwn(value, field)) known.push([field, convert(value[field])])
    }
    return Object.fromEntries(known)
  }
}

function toWhole(value: unknown): number | bigint | undefined {
  if (typeof value === 'bigint') return narrow(value)
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' ? value : undefined
}

/** Epoch milliseconds. */
function toTime(value: unknown, read: TimeReader): number | undefined {
  if (typeof value === 'string') return read(value)
  return value instanceof Date ? value.getTime() : toNumber(value)
}

/** What a text stands for where bytes are wanted: Base64, or where it is none, the bytes of the text itself. */
export function bytesEncoding(text: string): 'base64' | 'utf8' {
  if (text.length % 4 !== 0) return 'utf8'
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return NO_BASE64.test(text.slice(0, text.length - padding)) ? 'utf8' : 'base64'
}

/** Looked for, not matched in groups of four: those take the stack of a text of some megabytes. */
const NO_BASE64 = /[^A-Za-z0-9+/]/

export function toBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'string') return undefined
  return new Uint8Array(Buffer.from(value, bytesEncoding(value)))
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}
