import { resolve } from 'node:path'
import { durationMs } from '#src/plan/duration.ts'
import { nearest } from '#src/sql/near.ts'
import { CellError } from '../cell.ts'

type Props = Readonly<Record<string, unknown>>

/**
 * Reads the properties of one connector, each checked as it is read. Values come from yaml, JSON and the environment, so
 * a number or boolean may be text.
 */
export class Properties {
  readonly #where: string
  readonly #props: Props
  readonly #base: string

  /**
   * @param where names the connector in errors: `source "mqtt" of stream "demo"`
   * @param base where relative paths begin; empty: the working directory
   */
  constructor(where: string, props: Props, base = '') {
    this.#where = where
    this.#props = props
    this.#base = base
  }

  text(name: string, fallback: string): string
  text(name: string): string | undefined
  text(name: string, fallback?: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined) return fallback
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    return this.#fail(name, 'a text', value)
  }

  /** An absolute one. An empty text is none. */
  path(name: string): string | undefined {
    const path = this.text(name)
    return path === undefined || path === '' ? undefined : resolve(this.#base, path)
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#value(name)
    if (value === undefined) return fallback
    if (typeof value === 'boolean') return value
    if (value === 'true' || value === 'false') return value === 'true'
    return this.#fail(name, 'true or false', value)
  }

  integer(name: string, fallback: number, from = 0, to = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value(name)
    if (value === undefined) return fallback
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number) && number >= from && number <= to) {
      return number
    }
    const range = to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`
    return this.#fail(name, `a whole number ${range}`, value)
  }

  /** Milliseconds: a number, or text with a unit such as `10s`, `1m30s`, `500ms`. */
  duration(name: string, fallbackMs: number): number {
    const value = this.#value(name)
    if (value === undefined) return fallbackMs
    const ms = durationMs(value)
    if (ms !== undefined && ms >= 0) return ms
    return this.#fail(name, 'a duration such as 500ms, 10s or a number of milliseconds', value)
  }

  choice<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const value = this.#value(name)
    if (value === undefined) return fallback
    const found = choices.find((choice) => choice.toLowerCase() === String(value).toLowerCase())
    if (found !== undefined) return found
    return this.#fail(name, `one of ${choices.join(', ')}`, value, nearest(String(value), choices))
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.#value(name)
    if (value === undefined || Array.isArray(value)) return value
    return this.#fail(name, 'a list', value)
  }

  record(name: string): Props {
    const value = this.#value(name)
    if (value === undefined) return {}
    if (typeof value === 'object' && !Array.isArray(value)) return value as Props
    return this.#fail(name, 'an object', value)
  }

  required(name: string): string {
    const value = this.text(name)
    if (value !== undefined && value !== '') return value
    throw new CellError(
      'bad-property',
      `${this.#where}: property "${name}" is missing; set it in the action or in its configuration`,
    )
  }

  /** A template, which is worked out for each payload. */
  isDynamic(name: string): boolean {
    const value = this.#value(name)
    return typeof value === 'string' && value.includes('{{')
  }

  refuse(name: string, what: string): never {
    throw new CellError('bad-property', `${this.#where}: property "${name}" ${what}`)
  }

  #value(name: string): unknown {
    const value = this.#props[name] ?? this.#props[this.#actual(name)]
    return value === null ? undefined : value
  }

  /** Kuiper's own files write `clientid` and `clientId`: the case of a property does not matter. */
  #actual(name: string): string {
    const lower = name.toLowerCase()
    return Object.keys(this.#props).find((key) => key.toLowerCase() === lower) ?? name
  }

  #fail(name: string, wanted: string, value: unknown, near?: string): never {
    const hint = near === undefined ? '' : `; did you mean "${near}"?`
    const shown = JSON.stringify(value)?.slice(0, 80) ?? String(value)
    throw new CellError(
      'bad-property',
      `${this.#where}: property "${name}" must be ${wanted}, not ${shown}${hint}`,
    )
  }
}
