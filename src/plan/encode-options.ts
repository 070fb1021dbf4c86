import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { parseTemplate } from '#src/template/parse.ts'
import { type Template, TemplateError } from '#src/template/template.ts'
import { RuleError } from './errors.ts'
import type { EncodeOptions } from './plan.ts'

const formats = ['json', 'delimited', 'binary', 'urlencoded'] as const

/** Formats of the peer that nothing here can write yet. */
const otherFormats = ['protobuf', 'custom'] as const

/** Properties of every sink that change the payload, and are not there yet: ignoring them would send the wrong thing. */
const notYet = ['compression', 'encryption', 'batchSize', 'lingerInterval'] as const

/** What the properties of an action say about payloads. @throws RuleError for one that cannot be */
export function encodeOptions(
  type: string,
  props: Readonly<Record<string, unknown>>,
): EncodeOptions {
  const read = new PropertyReader(type, props)
  const sent = notYet.find((name) => isSet(props[name]))
  if (sent !== undefined) {
    throw new RuleError('not-supported', `action ${type}: ${sent} is not supported yet`)
  }
  const [fields, excludeFields] = [read.texts('fields'), read.texts('excludeFields')]
  if (fields !== undefined && excludeFields !== undefined) {
    const what = `action ${type}: fields and excludeFields cannot be used together`
    throw new RuleError('bad-property', what, 'keep one of them')
  }
  const format = read.format()
  const sendSingle = read.flag('sendSingle')
  if (format === 'urlencoded' && !sendSingle) {
    const what = `action ${type}: format urlencoded sends one row at a time`
    throw new RuleError('bad-property', what, 'add "sendSingle": true')
  }
  const template = read.template('dataTemplate')
  const dataField = read.text('dataField') || read.text('tableDataField')
  return {
    format,
    sendSingle,
    omitIfEmpty: read.flag('omitIfEmpty'),
    fields,
    excludeFields,
    delimiter: read.text('delimiter') || ',',
    hasHeader: read.flag('hasHeader'),
    ...(template === undefined ? {} : { template }),
    ...(dataField === '' ? {} : { dataField }),
  }
}

class PropertyReader {
  readonly #type: string
  readonly #props: Readonly<Record<string, unknown>>

  constructor(type: string, props: Readonly<Record<string, unknown>>) {
    this.#type = type
    this.#props = props
  }

  flag(name: string): boolean {
    const value = this.#props[name] ?? false
    if (typeof value !== 'boolean') throw this.#wrong(name, 'expected true or false')
    return value
  }

  text(name: string): string {
    const value = this.#props[name] ?? ''
    if (typeof value !== 'string') throw this.#wrong(name, 'expected text')
    return value
  }

  /** An empty array says nothing. */
  texts(name: string): readonly string[] | undefined {
    const value = this.#props[name] ?? []
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.#wrong(name, 'expected an array of column names')
    }
    return value.length === 0 ? undefined : [...value]
  }

  template(name: string): Template | undefined {
    const text = this.text(name)
    if (text === '') return undefined
    try {
      return parseTemplate(text)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      throw new RuleError('bad-property', `action ${this.#type}: ${name}: ${error.message}`)
    }
  }

  format(): EncodeOptions['format'] {
    const written = this.text('format').toLowerCase() || 'json'
    const format = formats.find((known) => known === written)
    if (format !== undefined) return format
    if ((otherFormats as readonly string[]).includes(written)) {
      throw new RuleError(
        'not-supported',
        `action ${this.#type}: format ${written} is not supported yet`,
        `there are ${formats.join(', ')}`,
      )
    }
    throw this.#wrong(
      'format',
      didYouMean(nearest(written, formats), `there are ${formats.join(', ')}`),
    )
  }

  #wrong(name: string, hint: string | undefined): RuleError {
    const value = JSON.stringify(this.#props[name])
    return new RuleError('bad-property', `action ${this.#type}: ${name} cannot be ${value}`, hint)
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== 0
}
