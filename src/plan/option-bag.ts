import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { durationMs } from './duration.ts'
import { RuleError } from './errors.ts'

export interface CountLimits {
  readonly least: number
  /** The peer's name of the error, before its sentence. */
  readonly peer?: string | undefined
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
}

/** Options of a rule as they came, each read as the type that it must have; `done` finds those that nobody asked for. */
export class OptionBag {
  readonly #values: ReadonlyMap<string, unknown>
  /** Before the name of each option in messages: `restartStrategy.` */
  readonly #path: string
  readonly #asked = new Set<string>()

  constructor(values: unknown, path: string) {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      const name = path === '' ? 'options' : `option ${path.slice(0, -1)}`
      throw new RuleError('bad-option', `${name} must be an object`)
    }
    this.#values = new Map(Object.entries(values))
    this.#path = path
  }

  get names(): readonly string[] {
    return [...this.#values.keys()]
  }

  value(name: string): unknown {
    this.#asked.add(name)
    return this.#values.get(name) ?? undefined
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.value(name) ?? otherwise
    if (typeof value !== 'boolean') throw this.wrong(name, 'expected true or false')
    return value
  }

  text(name: string, otherwise: string): string {
    const value = this.value(name) ?? otherwise
    if (typeof value !== 'string') throw this.wrong(name, 'expected text')
    return value
  }

  texts(name: string): readonly string[] {
    const value = this.value(name) ?? []
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.wrong(name, 'expected an array of texts')
    }
    return [...value]
  }

  count(name: string, otherwise: number, { least, peer }: CountLimits): number {
    const value = this.value(name) ?? otherwise
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
      throw this.wrong(name, 'expected a whole number')
    }
    if (value < least) throw this.#tooSmall(name, least === 0 ? undefined : 'greater than 0', peer)
    return value
  }

  number(name: string, otherwise: number, peer?: string | undefined): number {
    const value = this.value(name) ?? otherwise
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw this.wrong(name, 'expected a number')
    }
    if (value < 0) throw this.#tooSmall(name, undefined, peer)
    return value
  }

  duration(name: string, otherwise: number, peer?: string | undefined): number {
    const value = this.value(name)
    if (value === undefined || value === '') return otherwise
    const ms = durationMs(value)
    if (ms === undefined) throw this.wrong(name, 'expected a duration such as "10s", or ms')
    if (ms < 0) throw this.#tooSmall(name, undefined, peer)
    return ms
  }

  bytes(name: string): number | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    const [, amount, unit = 'b'] = /^(\d+)\s*([kmg]?b)?$/i.exec(String(value)) ?? []
    const bytes = Number(amount) * (bytesPerUnit[unit.toLowerCase()] ?? Number.NaN)
    if (Number.isSafeInteger(bytes) && bytes > 0) return bytes
    throw this.wrong(name, 'expected a size such as "192MB", or bytes')
  }

  inner(name: string): OptionBag | undefined {
    const value = this.value(name)
    return value === undefined ? undefined : new OptionBag(value, `${this.#path}${name}.`)
  }

  /** @throws RuleError for an option that was never read */
  done(): void {
    for (const name of this.#values.keys()) {
      if (this.#asked.has(name)) continue
      const hint = didYouMean(
        nearest(name, this.#asked),
        `there are ${[...this.#asked].join(', ')}`,
      )
      throw new RuleError('unknown-option', `unknown option ${this.#path}${name}`, hint)
    }
  }

  wrong(name: string, hint: string): RuleError {
    const value = JSON.stringify(this.#values.get(name))
    return new RuleError('bad-option', `option ${this.#path}${name} cannot be ${value}`, hint)
  }

  /** The peer's words, where it has some. */
  #tooSmall(name: string, than: string | undefined, peer: string | undefined): RuleError {
    const must = `${name} must be ${than ?? 'greater than or equal to 0'}`
    const what = peer === undefined ? `option ${this.#path}${must}` : `${peer}:${must}`
    return new RuleError('bad-option', what, `it is ${JSON.stringify(this.#values.get(name))}`)
  }
}
