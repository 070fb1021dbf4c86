import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { parseTemplate } from '#src/template/parse.ts'
import { type Template, TemplateError } from '#src/template/template.ts'
import { durationMs } from './duration.ts'
import { RuleError } from './errors.ts'
import type { EncodeOptions } from './plan.ts'

const formats = ['json', 'delimited', 'binary', 'urlencoded'] as const

/** Formats of the peer that nothing here can write yet. */
const otherFormats = ['protobuf', 'custom'] as const

const algorithms = ['zlib', 'gzip', 'flate', 'zstd'] as const

/** What the properties of an action say about payloads. @throws RuleError for one that cannot be */
export function encodeOptions(
  type: string,
  props: Readonly<Record<string, unknown>>,
): EncodeOptions {
  const read = new PropertyReader(type, props)
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
  const batch = { size: read.count('batchSize'), lingerMs: read.duration('lingerInterval') }
  const isBatch = batch.size > 0 || batch.lingerMs > 0
  if (isBatch && (format === 'binary' || format === 'urlencoded')) {
    const what = `action ${type}: payloads of format ${format} cannot be put together in a batch`
    throw new RuleError('bad-property', what, 'leave out batchSize and lingerInterval')
  }
  // A file is compressed as a whole.
  const compression = type === 'file' ? undefined : read.compression()
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
    ...(read.flag('lateRows') ? { lateRows: true as const } : {}),
    ...(isBatch ? { batch } : {}),
    ...(compression === undefined ? {} : { compression }),
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

  count(name: string): number {
    const value = this.#props[name] ?? 0
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw this.#wrong(name, 'expected a whole number of at least 0')
  }

  /** ms */
  duration(name: string): number {
    const ms = durationMs(this.#props[name] ?? 0)
    if (ms !== undefined && ms >= 0) return ms
    throw this.#wrong(name, 'write 500ms, 10s or a number of milliseconds')
  }

  compression(): EncodeOptions['compression'] {
    const written = this.text('compression').toLowerCase()
    if (written === '') return undefined
    const algorithm = algorithms.find((known) => known === written)
    if (algorithm === undefined) {
      const hint = didYouMean(nearest(written, algorithms), `there are ${algorithms.join(', ')}`)
      throw this.#wrong('compression', hint)
    }
    const { level } = Object(this.#props.compressionProps ?? {}) as { level?: unknown }
    if (level === undefined || level === null) return { algorithm }
    const most = algorithm === 'zstd' ? 22 : 9
    if (typeof level === 'number' && Number.isInteger(level) && level >= 1 && level <= most) {
      return { algorithm, level }
    }
    throw this.#wrong('compressionProps', `level is a whole number from 1 to ${most}`)
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
