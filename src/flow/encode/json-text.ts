import { Buffer } from 'node:buffer'
import type { Row } from '#src/operators/operator.ts'
import { ANY, type DataType } from '#src/plan/types.ts'
import { isTime, type TimeText } from './time-text.ts'

const { stringify } = JSON
const MAX_CACHED_LENGTH = 40
const MAX_CACHED = 4096

/**
 * Values to JSON. As JSON.stringify where both apply; besides, a bigint is its digits, bytes are base64, and a number
 * that is known to be a DATETIME is a text.
 */
export class JsonText {
  readonly #timeText: TimeText

  constructor(timeText: TimeText) {
    this.#timeText = timeText
  }

  /** The text of a value; `undefined` for SQL null and what JSON cannot say (NaN, Infinity). */
  value(value: unknown, dataType: DataType = ANY): string | undefined {
    switch (typeof value) {
      case 'string':
        return stringify(value)
      case 'number':
        return this.number(value, dataType)
      case 'boolean':
        return value ? 'true' : 'false'
      case 'bigint':
        return value.toString()
      case 'object':
        return value === null ? undefined : this.#object(value, dataType)
      default:
        return undefined
    }
  }

  number(value: number, dataType: DataType): string | undefined {
    if (dataType.type === 'datetime')
      return isTime(value) ? `"${this.#timeText(value)}"` : undefined
    return Number.isFinite(value) ? `${value}` : undefined
  }

  #object(value: object, dataType: DataType): string | undefined {
    if (Array.isArray(value)) {
      const element = dataType.type === 'array' ? dataType.element : ANY
      return `[${value.map((each) => this.value(each, element) ?? 'null').join(',')}]`
    }
    if (value instanceof Uint8Array) {
      return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`
    }
    if (value instanceof Date) return this.number(value.getTime(), { type: 'datetime' })
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return this.value(value.toJSON(), dataType)
    }
    const fields = dataType.type === 'struct' ? dataType.fields : undefined
    return this.#members(value as Row, fields)
  }

  #members(value: Row, fields: Readonly<Record<string, DataType>> | undefined): string {
    let text = ''
    for (const key of Object.keys(value)) {
      const member = value[key]
      if (member === undefined || typeof member === 'function' || typeof member === 'symbol')
        continue
      const type = fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : ANY
      text += `${text === '' ? '' : ','}${stringify(key)}:${this.value(member, type) ?? 'null'}`
    }
    return `{${text}}`
  }
}

/**
 * The JSON of strings that come again and again, with what stands before it in the row: `{"deviceId":"dev-1"`. Gives up
 * for a while where strings do not come again.
 */
export class StringMembers {
  readonly #before: string
  readonly #known = new Map<string, string>()
  #hits = 0
  #bypassed = 0

  constructor(before: string) {
    this.#before = before
  }

  text(value: string): string {
    if (value.length > MAX_CACHED_LENGTH || this.#bypassed > 0) {
      if (this.#bypassed > 0) this.#bypassed--
      return this.#before + stringify(value)
    }
    const known = this.#known.get(value)
    if (known !== undefined) {
      this.#hits++
      return known
    }
    if (this.#known.size === MAX_CACHED) {
      if (this.#hits < MAX_CACHED) this.#bypassed = MAX_CACHED * 4
      this.#hits = 0
      this.#known.clear()
    }
    const text = this.#before + stringify(value)
    this.#known.set(value, text)
    return text
  }
}
