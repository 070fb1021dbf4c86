import { randomUUID } from 'node:crypto'
import type { Catalog } from '#host/catalog/catalog.ts'
import type { RuleStart } from '#host/catalog/rules.ts'
import type { RuleKey } from '#host/cell/cell.ts'
import { HostError } from '#host/errors.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { type RuleDefinition, readRule } from './definition.ts'

/** The rules that exist, read once: the catalog keeps them as text. */
export class RuleRegistry {
  readonly #catalog: Catalog
  readonly #definitions = new Map<string, RuleDefinition>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  has({ tenant, rule }: RuleKey): boolean {
    return this.#catalog.rules.get(tenant, rule) !== undefined
  }

  /** It is meant to run. */
  isWanted({ tenant, rule }: RuleKey): boolean {
    return this.#catalog.rules.get(tenant, rule)?.triggered === true
  }

  /** @throws HostError `not-found`, with the sentence that the caller has for it */
  get(key: RuleKey, otherwise: (id: string) => string = notFound): RuleDefinition {
    const { tenant, rule } = key
    const known = this.#definitions.get(nameOf(key))
    if (known !== undefined) return known
    const stored = this.#catalog.rules.get(tenant, rule)
    if (stored === undefined) {
      const others = this.#catalog.rules.list(tenant).map(({ id }) => id)
      const hint = didYouMean(nearest(rule, others))
      const text = otherwise(rule)
      throw new HostError(
        'not-found',
        hint === undefined ? text : `${text.replace(/\.$/, '')}; ${hint}`,
      )
    }
    const definition = readRule(JSON.parse(stored.definition))
    this.#definitions.set(nameOf(key), definition)
    return definition
  }

  list(tenant: string): RuleDefinition[] {
    return this.#catalog.rules.list(tenant).map(({ id }) => this.get({ tenant, rule: id }))
  }

  /** Of all tenants: those that are meant to run. */
  wanted(): RuleKey[] {
    return this.#catalog.tenants().flatMap((tenant) =>
      this.#catalog.rules.list(tenant).flatMap(({ id, triggered }) => {
        return triggered ? [{ tenant, rule: id }] : []
      }),
    )
  }

  /** A rule that exists keeps its epoch and generation; `start` is that of a new one. */
  put(
    { tenant }: RuleKey,
    definition: RuleDefinition,
    { triggered, streams, start }: KeptRule,
  ): void {
    const { id, temp, json } = definition
    const stored = { id, definition: JSON.stringify(json), triggered, temp }
    const first = start ?? { epoch: 0, generation: randomUUID() }
    this.#catalog.rules.put(tenant, stored, streams, first)
    this.#definitions.set(nameOf({ tenant, rule: id }), definition)
  }

  setTags({ tenant, rule }: RuleKey, tags: readonly string[]): void {
    const json = { ...this.get({ tenant, rule }).json, tags: [...new Set(tags)] }
    this.#catalog.rules.setDefinition(tenant, rule, JSON.stringify(json))
    this.#definitions.set(nameOf({ tenant, rule }), readRule(json))
  }

  remove(key: RuleKey): void {
    this.#catalog.rules.remove(key.tenant, key.rule)
    this.#definitions.delete(nameOf(key))
  }

  isDebug(key: RuleKey): boolean {
    return this.#definitions.get(nameOf(key))?.options.debug === true
  }
}

export interface KeptRule {
  readonly triggered: boolean
  /** That it reads. */
  readonly streams: readonly string[]
  readonly start?: RuleStart | undefined
}

export function notFound(id: string): string {
  return `Rule ${id} is not found.`
}

/** One text for each rule of each tenant. */
export function nameOf({ tenant, rule }: RuleKey): string {
  return `${tenant}/${rule}`
}
