import { ExtensionState, type StateLimits } from './extension-state.ts'

/** The states of all extensions in a rule, each under its own name: no two ever meet. */
export class ExtensionStates {
  readonly #states = new Map<string, ExtensionState>()
  /** Restored, and not asked for yet. */
  #saved: ReadonlyMap<string, unknown> = new Map()

  /** The state of the extension called `name`; the same one at each call. `limits` are those of the first. */
  of(name: string, limits?: StateLimits): ExtensionState {
    const known = this.#states.get(name)
    if (known !== undefined) return known
    const made = new ExtensionState(limits)
    if (this.#saved.has(name)) made.restore(this.#saved.get(name))
    this.#states.set(name, made)
    return made
  }

  snapshot(): ReadonlyMap<string, unknown> {
    const states = new Map<string, unknown>()
    for (const [name, state] of this.#states) {
      const own = state.snapshot()
      if (own !== undefined) states.set(name, own)
    }
    return states
  }

  /** Also for extensions that ask for their state later. */
  restore(saved: ReadonlyMap<string, unknown>): void {
    this.#saved = saved
    for (const [name, state] of this.#states) if (saved.has(name)) state.restore(saved.get(name))
  }
}
