import { PluginError, type State, type StateClass } from '@plutino/sdk'
import { fromPlain, NotPlain, toPlain } from './plain-copy.ts'

/**
 * Key-value state of one extension in one rule. What goes in and comes out are copies, so that nothing in it changes
 * but by its methods.
 */
export class ExtensionState implements State {
  /** Plain copies; an integer is a counter too. */
  #entries = new Map<string, unknown>()
  readonly #types = new Map<string, StateClass>()

  putState(key: string, value: unknown): void {
    try {
      this.#entries.set(key, toPlain(value, this.#types))
    } catch (error) {
      if (!(error instanceof NotPlain)) throw error
      const hint = 'keep plain data, or make its class known by registerType'
      const text = `state "${key}": a ${error.kind} cannot be kept; ${hint}`
      throw new PluginError('state-not-cloneable', text, { cause: error })
    }
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
  }

  incrCounter(key: string, amount: number | bigint): void {
    if (!isInteger(amount)) {
      throw new PluginError(
        'state-not-a-counter',
        `counter "${key}": ${String(amount)} is no integer`,
      )
    }
    const sum = BigInt(this.getCounter(key)) + BigInt(amount)
    this.#entries.set(key, numberWhereSafe(sum))
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
  }
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
