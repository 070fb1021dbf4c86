import type { PluginUse } from './plan.ts'

/** The plugins that a rule uses, each once; their indices stand in the plan. */
export class PluginList {
  readonly #uses: PluginUse[] = []

  /** The index of the plugin in the plan. */
  add(use: PluginUse): number {
    const known = this.#uses.findIndex(
      (other) => other.kind === use.kind && other.name === use.name,
    )
    return known >= 0 ? known : this.#uses.push(use) - 1
  }

  get all(): readonly PluginUse[] {
    return [...this.#uses]
  }
}
