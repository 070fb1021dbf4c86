import { PluginError, type State, type StateClass } from '@plutino/sdk'
import { fromPlain, NotPlain, toPlain } from './plain-copy.ts'
import { sizeOf } from './plain-size.ts'

/** Part of every checkpoint: a state that grows without end is to be seen before it ends the worker. */
export interface StateLimits {
  readonly keyLength: number
  /** Of one value, about. */
  readonly valueBytes: number
  /** Of all values and keys, about. */
  readonly totalBytes: number
}

export const stateLimits: StateLimits = Object.freeze({
  keyLength: 1024,
  valueBytes: 16 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
})

/**
 * Key-value state of one extension in one rule. What goes in and comes out are copies, so that nothing in it changes
 * but by its methods.
 */
export class ExtensionState implements State {
  /** Plain copies; an integer is a counter too. */
  #entries = new Map<string, unknown>()
  readonly #types = new Map<string, StateClass>()
  readonly #limits: StateLimits
  /** By key, about. */
  #sizes = new Map<string, number>()
  #bytes = 0

  constructor(limits: StateLimits = stateLimits) {
    this.#limits = limits
  }

  putState(key: string, value: unknown): void {
    let plain: unknown
    try {
      plain = toPlain(value, this.#types)
    } catch (error) {
      if (!(error instanceof NotPlain)) throw error
      const hint = 'keep plain data, or make its class known by registerType'
      const text = `state "${key}": a ${error.kind} cannot be kept; ${hint}`
      throw new PluginError('state-not-cloneable', text, { cause: error })
    }
    this.#keep(key, plain)
  }

  getState(key: string): unknown {
    try {
      return fromPlain(this.#entries.get(key), this.#types)
    } catch (error) {
      if (!(error instanceof NotPlain)) throw error
      const text = `state "${key}" holds a ${error.kind}; make its class known by registerType first`
      throw new PluginError('state-not-cloneable', text, { cause: error })
    }
  }

  deleteState(key: string): void {
    this.#entries.delete(key)
    this.#bytes -= this.#sizes.get(key) ?? 0
    this.#sizes.delete(key)
  }

  incrCounter(key: string, amount: number | bigint): void {
    if (!isInteger(amount)) {
      throw new PluginError(
        'state-not-a-counter',
        `counter "${key}": ${String(amount)} is no integer`,
      )
    }
    const sum = BigInt(this.getCounter(key)) + BigInt(amount)
    this.#keep(key, numberWhereSafe(sum))
  }

  getCounter(key: string): number | bigint {
    const value = this.#entries.get(key) ?? 0
    if (isInteger(value)) return numberWhereSafe(BigInt(value))
    throw new PluginError(
      'state-not-a-counter',
      `state "${key}" holds a ${kindOf(value)}, not an integer`,
    )
  }

  registerType(name: string, type: StateClass): void {
    this.#types.set(name, type)
  }

  /** Plain data that nothing will change later. */
  snapshot(): ReadonlyMap<string, unknown> | undefined {
    return this.#entries.size === 0 ? undefined : new Map(this.#entries)
  }

  restore(state: unknown): void {
    this.#entries = new Map(state as ReadonlyMap<string, unknown>) // what snapshot made
    this.#sizes = new Map()
    this.#bytes = 0
    for (const [key, plain] of this.#entries) this.#count(key, sizeOf(key) + sizeOf(plain))
  }

  /** @throws PluginError `state-too-large`, and nothing is changed */
  #keep(key: string, plain: unknown): void {
    const { keyLength, valueBytes, totalBytes } = this.#limits
    if (key.length > keyLength) {
      const start = key.slice(0, 40)
      throw tooLarge(
        `a key has ${key.length} characters ("${start}…"), at most ${keyLength} may be`,
      )
    }
    // A number takes the place of a number: counters pay nothing for the limits.
    if (isInteger(plain) && isInteger(this.#entries.get(key))) {
      this.#entries.set(key, plain)
      return
    }
    const size = sizeOf(plain)
    if (size > valueBytes) {
      throw tooLarge(
        `state "${key}": the value takes about ${size} bytes, at most ${valueBytes} may be; keep it in parts`,
      )
    }
    const own = size + sizeOf(key)
    const total = this.#bytes - (this.#sizes.get(key) ?? 0) + own
    if (total > totalBytes) {
      throw tooLarge(
        `state "${key}": with it all that is kept takes about ${total} bytes, at most ${totalBytes} may be; delete what is not needed`,
      )
    }
    this.#entries.set(key, plain)
    this.#count(key, own)
  }

  #count(key: string, size: number): void {
    this.#bytes += size - (this.#sizes.get(key) ?? 0)
    this.#sizes.set(key, size)
  }
}

function tooLarge(text: string): PluginError {
  return new PluginError('state-too-large', text)
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value)
}

function numberWhereSafe(value: bigint): number | bigint {
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value
}
