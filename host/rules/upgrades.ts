import type { AuditNote } from '#host/catalog/plugin-audit.ts'
import type { RuleStart } from '#host/catalog/rules.ts'
import { type Cell, CellError, type RuleKey } from '#host/cell/cell.ts'
import { textOf } from '#host/errors.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import type { Planned, RulePlanner } from './planning.ts'
import type { PluginUses } from './plugin-uses.ts'
import type { RuleRegistry } from './registry.ts'
import type { SpecBuilder } from './spec.ts'
import type { RuleStarter } from './starter.ts'

/** What became of a rule when a plugin was upgraded. */
export interface MovedRule {
  readonly rule: string
  /**
   * `moved`: without a stop; `restarted`: by a stop and a start with its state; `unchanged`: the new version is not in
   * its range, or has nothing new; `rolled back`: the new version failed, it goes on with the old one.
   */
  readonly outcome: 'moved' | 'restarted' | 'unchanged' | 'rolled back'
  /** Why it was rolled back. */
  readonly reason?: string | undefined
}

export interface RuleUpgradesOptions {
  readonly cell: Cell
  readonly planner: RulePlanner
  readonly specs: SpecBuilder
  readonly starter: RuleStarter
  readonly registry: RuleRegistry
  readonly uses: PluginUses
  nextStart(key: RuleKey): RuleStart
  report(key: RuleKey, message: string): void
  /** For the audit trail. */
  audit(tenant: string, note: AuditNote): void
}

/** Moves rules to the newest versions of their plugins that they allow, each back to the old ones where that fails. */
export class RuleUpgrades {
  readonly #options: RuleUpgradesOptions

  constructor(options: RuleUpgradesOptions) {
    this.#options = options
  }

  /** Nothing else changes the rule meanwhile: its caller sees to that. Never rejects for what the new version does. */
  async move(key: RuleKey): Promise<MovedRule> {
    const { planner, registry, starter } = this.#options
    if (!starter.has(key)) return { rule: key.rule, outcome: 'unchanged' }
    const before = starter.pluginsOf(key)
    let planned: Planned
    try {
      planned = await planner.plan(key.tenant, registry.get(key))
    } catch (error) {
      return this.#rolledBack(key, error)
    }
    const after = planned.plan.plugins
    if (isSame(before, after)) return { rule: key.rule, outcome: 'unchanged' }
    const swapped = (await starter.isRunning(key)) ? await this.#swap(key, planned) : undefined
    const moved = swapped ?? (await this.#restart(key, planned, before))
    this.#note(key, moved, { before, after })
    return moved
  }

  #note(
    { tenant, rule }: RuleKey,
    { outcome, reason }: MovedRule,
    {
      before,
      after,
    }: { readonly before: readonly PluginUse[]; readonly after: readonly PluginUse[] },
  ): void {
    const old = new Map(before.map((use) => [use.package, use.version]))
    const changed = after.filter((use, i) => !isSame([use], before.slice(i, i + 1)))
    for (const use of new Map(changed.map((each) => [each.package, each])).values()) {
      const { package: name, version } = use
      const detail = `from ${old.get(name) ?? 'nothing'} to ${version}`
      const result = reason === undefined ? outcome : `${outcome}: ${reason}`
      this.#options.audit(tenant, { package: name, version, what: 'move', rule, detail, result })
    }
  }

  /** @returns `undefined`: it runs on as it was, and has to be stopped for it */
  async #swap(key: RuleKey, planned: Planned): Promise<MovedRule | undefined> {
    const { cell, specs, starter, uses } = this.#options
    try {
      const start = { epoch: 0, generation: '', checkpoint: undefined }
      await cell.upgrade(await specs.build(key, planned, start))
    } catch (error) {
      const isStop =
        error instanceof CellError && ['not-swapped', 'unknown-rule'].includes(error.code)
      return isStop ? undefined : this.#rolledBack(key, error)
    }
    starter.moved(key, planned.plan)
    uses.lock(key, planned.plan.plugins)
    return { rule: key.rule, outcome: 'moved' }
  }

  async #restart(key: RuleKey, planned: Planned, before: readonly PluginUse[]): Promise<MovedRule> {
    const { planner, registry, starter, uses } = this.#options
    await starter.stop(key, 'stopped by an upgrade', true)
    try {
      await this.#deploy(key, planned)
      uses.lock(key, planned.plan.plugins)
      return { rule: key.rule, outcome: 'restarted' }
    } catch (error) {
      await starter.stop(key, 'its upgrade failed', true)
      try {
        await this.#deploy(key, await planner.plan(key.tenant, registry.get(key), before))
      } catch (failure) {
        starter.failed(key, failure, planned.options.restartStrategy)
      }
      return this.#rolledBack(key, error)
    }
  }

  async #deploy(key: RuleKey, planned: Planned): Promise<void> {
    const { starter, nextStart } = this.#options
    await starter.deploy(key, { ...planned, keepsState: true }, nextStart(key))
    const failure = starter.failure(key)
    if (failure !== undefined) throw new CellError('open-failed', failure.message)
  }

  #rolledBack(key: RuleKey, error: unknown): MovedRule {
    const reason = textOf(error)
    const { starter, report } = this.#options
    const at = new Date().toISOString()
    starter.setNote(key, `an upgrade of its plugins was rolled back at ${at}: ${reason}`)
    report(key, `an upgrade of its plugins was rolled back: ${reason}`)
    return { rule: key.rule, outcome: 'rolled back', reason }
  }
}

function isSame(before: readonly PluginUse[], after: readonly PluginUse[]): boolean {
  const line = ({ kind, name, package: from, version, tier, sha256 }: PluginUse) =>
    JSON.stringify([kind, name, from, sha256 ?? version, tier])
  return (
    before.length === after.length && before.every((use, i) => line(use) === line(after[i] ?? use))
  )
}
