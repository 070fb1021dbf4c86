import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { Row } from '#src/operators/operator.ts'
import { ANY, type DataType } from '#src/plan/types.ts'
import { type JsonText, StringMembers } from './json-text.ts'

/** A field of the emitted rows. */
export interface Field {
  readonly name: string
  readonly dataType: DataType
  /** SQL null is written: always, only where the row says `null` and not `undefined`, or never. */
  readonly nulls: 'written' | 'explicit' | 'dropped'
}

/** What stands around the members of a row: `{` and `}`, or `[{` and `}]` where a row is an emission of its own. */
export interface Around {
  readonly open: string
  readonly close: string
}

export type RowText = (row: Row) => string

/** Generated code that writes rows with these fields as JSON. */
export function knownRowText(fields: readonly Field[], around: Around, json: JsonText): RowText {
  const { open, close } = around
  const members = fields.map((field, index) => memberCode(field, index, open))
  const body = `return function rowText(row) {
    let text = ''
    let value
    let member
    ${members.join('\n')}
    return text === '' ? ${JSON.stringify(open + close)} : text + ${JSON.stringify(close)}
  }`
  const names = fields.flatMap((_, index) => [`type${index}`, `first${index}`, `next${index}`])
  const values = fields.flatMap(({ name, dataType }) => {
    const key = `${JSON.stringify(name)}:`
    return [dataType, new StringMembers(open + key), new StringMembers(`,${key}`)]
  })
  return new FunctionConstructor('json', 'hasOwn', ...names, body)(json, Object.hasOwn, ...values)
}

function memberCode({ name, dataType, nulls }: Field, index: number, open: string): string {
  const key = JSON.stringify(name)
  const first = JSON.stringify(`${open}${key}:`)
  const next = JSON.stringify(`,${key}:`)
  const add = (text: string) => `text = text === '' ? ${first} + ${text} : text + ${next} + ${text}`
  const value =
    name in Object.prototype ? `hasOwn(row, ${key}) ? row[${key}] : undefined` : `row[${key}]`
  const finite = `else if (typeof value === 'number' && value - value === 0) ${add('value')}`
  const none = {
    written: `else ${add("'null'")}`,
    explicit: `else if (value === null) ${add("'null'")}`,
    dropped: '',
  }
  return `value = ${value}
    if (typeof value === 'string') {
      text = text === '' ? first${index}.text(value) : text + next${index}.text(value)
    } ${dataType.type === 'datetime' ? '' : finite}
    else {
      member = value === undefined || value === null ? undefined : json.value(value, type${index})
      if (member !== undefined) ${add('member')}
      ${none[nulls]}
    }`
}

export interface WholeRowOptions {
  readonly except: ReadonlySet<string>
  readonly writesNull: boolean
  /** As if `writesNull`, but for `undefined`. */
  readonly keepsNull?: boolean | undefined
}

/** For rows whose fields are known only when they come. */
export function wholeRowText(options: WholeRowOptions, around: Around, json: JsonText): RowText {
  const { except, writesNull, keepsNull = false } = options
  const isWritten = (value: unknown) => writesNull || (keepsNull && value === null)
  return (row) => {
    let text = around.open
    for (const key of Object.keys(row)) {
      if (except.has(key)) continue
      const member = json.value(row[key], ANY) ?? (isWritten(row[key]) ? 'null' : undefined)
      if (member === undefined) continue
      text += `${text.length === around.open.length ? '' : ','}${JSON.stringify(key)}:${member}`
    }
    return text + around.close
  }
}
