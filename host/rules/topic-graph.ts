import type { Catalog } from '#host/catalog/catalog.ts'
import type { RuleKey } from '#host/cell/cell.ts'
import { matchesTopic } from '#host/cell/connectors/memory/topics.ts'
import { HostError } from '#host/errors.ts'
import type { ActionRequest } from '#src/plan/actions.ts'
import type { StreamDefinition } from '#src/plan/definitions.ts'
import type { ActionReader } from './actions.ts'
import { type RuleDefinition, readRule } from './definition.ts'
import type { Planned } from './planning.ts'
import { cycleText, findCycle, type TopicUse } from './topic-cycle.ts'
import { typeName } from './type-name.ts'

export interface TopicGraphOptions {
  readonly catalog: Catalog
  readonly actions: ActionReader
  /** A stream or table as it is defined now. */
  readonly definition: (tenant: string, name: string) => StreamDefinition | undefined
}

interface Node {
  readonly streams: readonly string[]
  readonly writes: readonly string[]
}

/**
 * Which rules of a tenant read what others write, through memory topics. A cycle would go round for ever, so it is refused
 * when a rule or a stream would close it. Rules that are stopped count too: they may be started. Topics that are made of
 * rows are known to nobody before; lookup and scan tables start nothing.
 */
export class TopicGraph {
  readonly #options: TopicGraphOptions
  readonly #tenants = new Map<string, Promise<Map<string, Node>>>()

  constructor(options: TopicGraphOptions) {
    this.#options = options
  }

  /**
   * Enters a rule as it is to be.
   *
   * @returns puts back what was there before
   * @throws HostError that names the cycle
   */
  async claim({ tenant, rule }: RuleKey, planned: Planned): Promise<() => void> {
    const nodes = await this.#of(tenant)
    const node = { streams: planned.streams, writes: writesOf(planned.actions) }
    const before = nodes.get(rule)
    nodes.set(rule, node)
    const undo = () => {
      if (nodes.get(rule) !== node) return
      if (before === undefined) nodes.delete(rule)
      else nodes.set(rule, before)
    }
    try {
      this.#check(tenant, nodes, rule, `rule "${rule}"`)
    } catch (error) {
      undo()
      throw error
    }
    return undo
  }

  async release({ tenant, rule }: RuleKey): Promise<void> {
    ;(await this.#tenants.get(tenant))?.delete(rule)
  }

  /** Before a stream is replaced. @throws HostError that names the cycle that its rules would close */
  async checkStream(tenant: string, stream: StreamDefinition): Promise<void> {
    const nodes = await this.#of(tenant)
    for (const [rule, { streams }] of nodes) {
      if (streams.includes(stream.name)) {
        this.#check(tenant, nodes, rule, `stream "${stream.name}"`, stream)
      }
    }
  }

  #check(
    tenant: string,
    nodes: ReadonlyMap<string, Node>,
    rule: string,
    what: string,
    changed?: StreamDefinition,
  ): void {
    const filters = new Map<string, readonly string[]>()
    const filtersOf = (name: string) => {
      const known = filters.get(name)
      if (known !== undefined) return known
      const definition = name === changed?.name ? changed : this.#options.definition(tenant, name)
      const found = filterOf(definition)
      filters.set(name, found)
      return found
    }
    const uses = [...nodes].map(
      ([name, { streams, writes }]): TopicUse => ({
        rule: name,
        reads: streams.flatMap(filtersOf),
        writes,
      }),
    )
    const own = uses.find((use) => use.rule === rule)
    if (own === undefined || own.writes.length === 0 || own.reads.length === 0) return
    const others = uses.filter((use) => use !== own && use.writes.length > 0)
    const cycle = findCycle(own, others, matchesTopic)
    if (cycle === undefined) return
    throw new HostError(
      'bad-rule',
      `${what} closes a cycle through memory topics: ${cycleText(cycle)}; change one of the topics`,
    )
  }

  /** Read once: rules that come later are claimed. */
  #of(tenant: string): Promise<Map<string, Node>> {
    const known = this.#tenants.get(tenant)
    if (known !== undefined) return known
    const loading = this.#load(tenant)
    this.#tenants.set(tenant, loading)
    return loading
  }

  async #load(tenant: string): Promise<Map<string, Node>> {
    const { rules } = this.#options.catalog
    const nodes = new Map<string, Node>()
    for (const { id, definition } of rules.list(tenant)) {
      const writes = await this.#writes(tenant, readRule(JSON.parse(definition)))
      nodes.set(id, { streams: rules.streams(tenant, id), writes })
    }
    return nodes
  }

  /** A rule whose actions cannot be read does not run either. */
  async #writes(tenant: string, definition: RuleDefinition): Promise<readonly string[]> {
    const writesMemory = definition.actions.some((element) =>
      Object.keys(element).some((type) => typeName(type) === 'memory'),
    )
    if (!writesMemory) return []
    const actions = await this.#options.actions.actions(tenant, definition).catch(() => [])
    return writesOf(actions)
  }
}

function writesOf(actions: readonly ActionRequest[]): readonly string[] {
  return actions.flatMap(({ type, props: { topic } }) =>
    type === 'memory' && typeof topic === 'string' && !topic.includes('{{') ? [topic] : [],
  )
}

function filterOf(definition: StreamDefinition | undefined): readonly string[] {
  if (definition === undefined || definition.kind !== 'stream') return []
  const { type, datasource } = definition.options
  return typeName(type) === 'memory' ? [datasource] : []
}
