import type { FunctionContext, RowFunction, State, StateClass } from '@plutino/sdk'
import { structuralKey } from '#src/operators/structural-key.ts'

const { apply } = Reflect
const promiseThen = Promise.prototype.then

/** The state of the group in hand: the keys of all groups stand side by side, so that limits and snapshots hold all. */
class GroupState implements State {
  readonly #all: State
  #suffix = ''

  constructor(all: State) {
    this.#all = all
  }

  select(group: string): void {
    this.#suffix = ` of group ${group}`
  }

  putState(key: string, value: unknown): void {
    this.#all.putState(key + this.#suffix, value)
  }

  getState(key: string): unknown {
    return this.#all.getState(key + this.#suffix)
  }

  deleteState(key: string): void {
    this.#all.deleteState(key + this.#suffix)
  }

  incrCounter(key: string, amount: number | bigint): void {
    this.#all.incrCounter(key + this.#suffix, amount)
  }

  getCounter(key: string): number | bigint {
    return this.#all.getCounter(key + this.#suffix)
  }

  registerType(name: string, type: StateClass): void {
    this.#all.registerType(name, type)
  }
}

interface Bound {
  readonly state: GroupState
  readonly context: FunctionContext
}

export interface GroupCallOptions {
  readonly instance: RowFunction
  /** How many of the last arguments name the group. */
  readonly groupArgs: number
  readonly state: State
  context(state: State): FunctionContext
}

/**
 * The function as one that is told its group by its last arguments. A call that answers with a promise keeps its context,
 * and with it its group, until it has settled; calls meanwhile get others.
 */
export function callsByGroup(options: GroupCallOptions): RowFunction {
  const { instance, groupArgs, state: all, context } = options
  const free: Bound[] = []
  const make = (): Bound => {
    const state = new GroupState(all)
    return { state, context: context(state) }
  }
  return {
    exec(args) {
      const bound = free.pop() ?? make()
      bound.state.select(groupText(args.slice(args.length - groupArgs)))
      const release = () => {
        free.push(bound)
      }
      let result: unknown
      try {
        result = instance.exec(args.slice(0, args.length - groupArgs), bound.context)
      } catch (error) {
        release()
        throw error
      }
      if (result instanceof Promise) apply(promiseThen, result, [release, release])
      else if (!isThenable(result)) release()
      return result
    },
  }
}

/** Nobody tells when it settles: its context is its own for ever. */
function isThenable(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false
  return typeof (result as { then?: unknown }).then === 'function'
}

/** As JSON writes an array: no text of a key can be taken for the end of one. */
function groupText(keys: readonly unknown[]): string {
  return String(structuralKey(keys)).slice(2)
}
