import type { Catalog } from '#host/catalog/catalog.ts'
import type { RuleKey } from '#host/cell/cell.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import type { RuleStarter } from './starter.ts'

/** Which of an extension's versions is meant; without a digest any. */
export interface WantedUse {
  readonly kind: PluginUse['kind']
  readonly name: string
  readonly sha256?: string | undefined
}

/** Which rules hold which versions of plugins: those in their workers, and those that they would start with again. */
export class PluginUses {
  readonly #catalog: Catalog
  readonly #starter: RuleStarter
  /** By tenant, as long as nothing else has its turn: one look at many plugins asks for it again and again. */
  readonly #wanted = new Map<string, ReturnType<Catalog['rulePlugins']['wanted']>>()

  constructor(catalog: Catalog, starter: RuleStarter) {
    this.#catalog = catalog
    this.#starter = starter
  }

  /** What the rule starts with again. */
  locks({ tenant, rule }: RuleKey): readonly PluginUse[] {
    return this.#catalog.rulePlugins.get(tenant, rule)
  }

  /** It was started with these. */
  lock({ tenant, rule }: RuleKey, uses: readonly PluginUse[]): void {
    this.#catalog.rulePlugins.put(tenant, rule, uses)
    this.#wanted.clear()
  }

  /** The rules that hold an extension, sorted. */
  of(tenant: string, { kind, name, sha256 }: WantedUse): string[] {
    return this.holding(tenant, (use) => {
      const isSame = sha256 === undefined || use.sha256 === undefined || use.sha256 === sha256
      return isSame && use.kind === kind && use.name === name
    })
  }

  holding(tenant: string, isMeant: (use: PluginUse) => boolean): string[] {
    const waiting = this.#wantedOf(tenant)
      .filter(({ rule, uses }) => !this.#starter.has({ tenant, rule }) && uses.some(isMeant))
      .map(({ rule }) => rule)
    return [...new Set([...this.#starter.usersOf(tenant, isMeant), ...waiting])].sort()
  }

  #wantedOf(tenant: string) {
    const known = this.#wanted.get(tenant)
    if (known !== undefined) return known
    const wanted = this.#catalog.rulePlugins.wanted(tenant)
    this.#wanted.set(tenant, wanted)
    setImmediate(() => this.#wanted.delete(tenant))
    return wanted
  }
}
