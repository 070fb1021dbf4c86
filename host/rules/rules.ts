import { randomUUID } from 'node:crypto'
import type { Catalog } from '#host/catalog/catalog.ts'
import type { RuleStart } from '#host/catalog/rules.ts'
import { type Cell, CellError, type CellEvent, type RuleKey } from '#host/cell/cell.ts'
import type { CheckpointStore } from '#host/checkpoints/store.ts'
import { HostError, textOf } from '#host/errors.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { type RuleDefinition, readRule } from './definition.ts'
import type { Planned, RulePlanner } from './planning.ts'
import { KeyedQueue } from './queue.ts'
import type { SpecBuilder } from './spec.ts'
import type { StartFailure } from './status.ts'

export interface RuleServiceOptions {
  readonly catalog: Catalog
  readonly cell: Cell
  readonly planner: RulePlanner
  readonly specs: SpecBuilder
  readonly checkpoints: CheckpointStore
  /** What goes wrong where nobody waits for an answer. */
  readonly report: (key: RuleKey, message: string) => void
}

/** Refusals that are the definition's fault: with them a rule is not created. Anything else may pass, and is its status. */
const refusals = new Set(['unknown-connector', 'bad-property', 'already-deployed'])

/** Joins what should exist (the catalog) with what runs (the cell). Changes of one rule wait for each other. */
export class RuleService {
  readonly #options: RuleServiceOptions
  readonly #queue = new KeyedQueue()
  readonly #failures = new Map<string, StartFailure>()
  readonly #definitions = new Map<string, RuleDefinition>()
  /** Of the rules that were started and not stopped since: the plugins in their workers. */
  readonly #uses = new Map<
    string,
    { readonly key: RuleKey; readonly plugins: readonly PluginUse[] }
  >()
  /** Came to their end since they were deployed, maybe before they were kept. */
  readonly #done = new Set<string>()
  readonly #unwatch: () => void
  #isClosing = false

  constructor(options: RuleServiceOptions) {
    this.#options = options
    this.#unwatch = options.cell.watch((event) => this.#changed(event))
  }

  /** Validated, started, then kept: a rule that cannot be is never seen. */
  create(tenant: string, json: unknown): Promise<string> {
    const definition = readRule(json)
    return this.#queued({ tenant, rule: definition.id }, async (key) => {
      if (this.#options.catalog.rules.get(tenant, definition.id) !== undefined) {
        throw new HostError(
          'already-exists',
          `rule ${definition.id} already exists; PUT /rules/${definition.id} replaces it`,
        )
      }
      const planned = await this.#options.planner.plan(tenant, definition)
      const start = { epoch: definition.triggered ? 1 : 0, generation: randomUUID() }
      if (definition.triggered) await this.#deploy(key, planned, start)
      try {
        await this.#keep(key, definition, planned, start)
      } catch (error) {
        // what is in no catalog must not run: nobody could stop it
        await this.#stop(key, 'it could not be kept')
        throw error
      }
      return definition.id
    })
  }

  /** The new plan is made first: when it cannot be, the rule runs on as it was. Makes a rule that does not exist. */
  async update(tenant: string, id: string, json: unknown): Promise<string> {
    const definition = readRule(json, id)
    if (this.#options.catalog.rules.get(tenant, id) === undefined) {
      return this.create(tenant, definition.json)
    }
    return this.#queued({ tenant, rule: id }, async (key) => {
      const old = this.#definition(key, notFound)
      checkVersion(old, definition)
      const planned = await this.#options.planner.plan(tenant, definition)
      const wasRunning = await this.#isRunning(key)
      if (wasRunning) await this.#stop(key, 'stopped by update')
      try {
        if (definition.triggered) await this.#deploy(key, planned, this.#nextStart(key))
      } catch (error) {
        if (wasRunning) await this.#startAgain(key, old)
        throw error
      }
      await this.#keep(key, definition, planned)
      return id
    })
  }

  start(tenant: string, id: string): Promise<void> {
    return this.#queued({ tenant, rule: id }, async (key) => {
      const definition = this.#definition(key, notRegistered('start'))
      if (await this.#isRunning(key)) return
      await this.#startNow(key, definition)
      this.#options.catalog.rules.setTriggered(tenant, id, true)
      await this.#options.catalog.durable()
    })
  }

  stop(tenant: string, id: string, reason = 'canceled manually'): Promise<void> {
    return this.#queued({ tenant, rule: id }, async (key) => {
      this.#definition(key, notRegistered('stop'))
      this.#options.catalog.rules.setTriggered(tenant, id, false)
      await this.#stop(key, reason)
      await this.#options.catalog.durable()
    })
  }

  restart(tenant: string, id: string): Promise<void> {
    return this.#queued({ tenant, rule: id }, async (key) => {
      const definition = this.#definition(key, notRegistered('restart'))
      await this.#stop(key, 'restarted')
      await this.#startNow(key, definition)
      this.#options.catalog.rules.setTriggered(tenant, id, true)
      await this.#options.catalog.durable()
    })
  }

  drop(tenant: string, id: string): Promise<void> {
    return this.#queued({ tenant, rule: id }, async (key) => {
      this.#definition(key, (name) => `Delete rule error: rule ${name} not found`)
      await this.#stop(key, 'dropped')
      const { catalog, checkpoints, cell } = this.#options
      catalog.rules.remove(tenant, id)
      this.#definitions.delete(nameOf(key))
      this.#failures.delete(nameOf(key))
      this.#done.delete(nameOf(key))
      await checkpoints.remove(key)
      await cell.forget(key)
      await catalog.durable()
    })
  }

  /** Starts anew, without what its operators held. */
  resetState(tenant: string, id: string): Promise<void> {
    return this.#queued({ tenant, rule: id }, async (key) => {
      const definition = this.#definition(key, notRegistered('reset state of'))
      const wasRunning = await this.#isRunning(key)
      await this.#stop(key, 'state reset')
      await this.#options.checkpoints.remove(key)
      this.#options.catalog.rules.setGeneration(tenant, id, randomUUID())
      if (wasRunning) await this.#startNow(key, definition)
    })
  }

  setTags(tenant: string, id: string, change: (tags: readonly string[]) => readonly string[]) {
    return this.#queued({ tenant, rule: id }, async (key) => {
      const definition = this.#definition(key, notFound)
      const json = { ...definition.json, tags: [...new Set(change(definition.tags))] }
      this.#options.catalog.rules.setDefinition(tenant, id, JSON.stringify(json))
      this.#definitions.set(nameOf(key), readRule(json))
      await this.#options.catalog.durable()
    })
  }

  /** @throws HostError `not-found`, with the sentence that the caller has for it */
  get(tenant: string, id: string, otherwise: (id: string) => string = notFound): RuleDefinition {
    return this.#definition({ tenant, rule: id }, otherwise)
  }

  list(tenant: string): RuleDefinition[] {
    return this.#options.catalog.rules.list(tenant).map(({ id }) => this.get(tenant, id))
  }

  /** What the rule would do; nothing is changed. */
  plan(tenant: string, definition: RuleDefinition): Promise<Planned> {
    return this.#options.planner.plan(tenant, definition)
  }

  failure(tenant: string, id: string): StartFailure | undefined {
    return this.#failures.get(nameOf({ tenant, rule: id }))
  }

  /** The rules that were started with an extension of a plugin and not stopped since. */
  usedBy(tenant: string, kind: PluginUse['kind'], name: string): string[] {
    return this.#usersOf(tenant, (use) => use.kind === kind && use.name === name)
  }

  /** After an upgrade or a grant. @returns the rules that were restarted */
  async restartUsers(tenant: string, packageName: string): Promise<string[]> {
    const users = this.#usersOf(tenant, (use) => use.package === packageName)
    await Promise.all(users.map((id) => this.restart(tenant, id)))
    return users
  }

  isDebug({ tenant, rule }: RuleKey): boolean {
    return this.#definitions.get(nameOf({ tenant, rule }))?.options.debug === true
  }

  /** Rules of all tenants that ran when the server ended run again. */
  async restore(): Promise<void> {
    const { catalog } = this.#options
    const keys = catalog.tenants().flatMap((tenant) =>
      catalog.rules.list(tenant).flatMap(({ id, triggered }) => {
        return triggered ? [{ tenant, rule: id }] : []
      }),
    )
    await Promise.all(
      keys.map((key) =>
        this.#queued(key, async () => {
          await this.#startNow(key, this.#definition(key, notFound))
        }).catch((error: unknown) => {
          this.#failures.set(nameOf(key), { message: textOf(error), at: Date.now() })
          this.#options.report(key, `not started: ${textOf(error)}`)
        }),
      ),
    )
  }

  /** No more changes from now on. */
  refuse(): void {
    this.#isClosing = true
  }

  /** Resolves when the changes that were under way are made. The rules are the cell's to end. */
  async close(): Promise<void> {
    this.refuse()
    this.#unwatch()
    await this.#queue.idle()
  }

  #queued<T>(key: RuleKey, task: (key: RuleKey) => Promise<T>): Promise<T> {
    if (this.#isClosing) {
      return Promise.reject(new HostError('stopping', 'the server is stopping; try again later'))
    }
    return this.#queue.run(nameOf(key), () => task(key))
  }

  async #startNow(key: RuleKey, definition: RuleDefinition): Promise<void> {
    const planned = await this.#options.planner.plan(key.tenant, definition)
    await this.#deploy(key, planned, this.#nextStart(key))
  }

  /** An update that the cell refused: the rule goes on as it was. */
  async #startAgain(key: RuleKey, definition: RuleDefinition): Promise<void> {
    try {
      await this.#startNow(key, definition)
    } catch (error) {
      this.#failures.set(nameOf(key), { message: textOf(error), at: Date.now() })
      this.#options.report(key, `not started again after a refused update: ${textOf(error)}`)
    }
  }

  async #deploy(key: RuleKey, planned: Planned, start: RuleStart): Promise<void> {
    const { cell, specs, checkpoints } = this.#options
    const checkpoint = planned.keepsState ? await checkpoints.newest(key) : undefined
    this.#failures.delete(nameOf(key))
    const spec = await specs.build(key, planned, { ...start, checkpoint })
    this.#done.delete(nameOf(key))
    this.#uses.set(nameOf(key), { key, plugins: planned.plan.plugins })
    try {
      await cell.deploy(spec)
    } catch (error) {
      if (!(error instanceof CellError) || refusals.has(error.code)) {
        this.#uses.delete(nameOf(key))
        throw error
      }
      this.#failures.set(nameOf(key), { message: error.message, at: Date.now() })
      this.#options.report(key, `not started: ${error.message}`)
    }
    await this.#checkStreams(key, planned)
  }

  /** What nothing referred to yet may have been dropped while the worker started. */
  async #checkStreams(key: RuleKey, { streams }: Planned): Promise<void> {
    const { definitions } = this.#options.catalog
    const gone = streams.find((name) => definitions.get(key.tenant, name) === undefined)
    if (gone === undefined) return
    await this.#stop(key, `${gone} was dropped`)
    throw new HostError(
      'not-found',
      `rule ${key.rule}: ${gone} was dropped while the rule started; create it again first`,
    )
  }

  #usersOf(tenant: string, isUsed: (use: PluginUse) => boolean): string[] {
    const users = [...this.#uses.values()].filter(({ key }) => key.tenant === tenant)
    return users
      .filter(({ plugins }) => plugins.some(isUsed))
      .map(({ key }) => key.rule)
      .sort()
  }

  async #stop(key: RuleKey, reason: string): Promise<void> {
    this.#uses.delete(nameOf(key))
    this.#failures.delete(nameOf(key))
    if ((await this.#options.cell.status(key)) === undefined) return
    await this.#options.cell.stop(key, { reason })
  }

  async #isRunning(key: RuleKey): Promise<boolean> {
    const status = await this.#options.cell.status(key)
    return status?.state === 'running' || status?.state === 'starting'
  }

  #nextStart({ tenant, rule }: RuleKey): RuleStart {
    return this.#options.catalog.rules.nextStart(tenant, rule)
  }

  async #keep(
    key: RuleKey,
    definition: RuleDefinition,
    { streams }: Planned,
    start: RuleStart = { epoch: 0, generation: randomUUID() },
  ): Promise<void> {
    const { catalog } = this.#options
    const { id, temp, json } = definition
    const triggered = definition.triggered && !this.#done.has(nameOf(key))
    const stored = { id, definition: JSON.stringify(json), triggered, temp }
    catalog.rules.put(key.tenant, stored, streams, start)
    this.#definitions.set(nameOf(key), definition)
    await catalog.durable()
  }

  #definition(key: RuleKey, otherwise: (id: string) => string): RuleDefinition {
    const { tenant, rule } = key
    const known = this.#definitions.get(nameOf(key))
    if (known !== undefined) return known
    const stored = this.#options.catalog.rules.get(tenant, rule)
    if (stored === undefined) {
      const others = this.#options.catalog.rules.list(tenant).map(({ id }) => id)
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

  /** A bounded rule that has come to its end does not begin again with the next start of the server. */
  #changed({ tenant, rule, state, message }: CellEvent): void {
    const name = nameOf({ tenant, rule })
    if (state === 'running') this.#failures.delete(name)
    if (state !== 'stopped' || !/^done\b/.test(message)) return
    this.#done.add(name)
    this.#options.catalog.rules.setTriggered(tenant, rule, false)
  }
}

export function notFound(id: string): string {
  return `Rule ${id} is not found.`
}

function notRegistered(verb: string): (id: string) => string {
  return (id) =>
    `${verb} rule error: Rule ${id} is not found in registry, please check if it is created`
}

function checkVersion(old: RuleDefinition, now: RuleDefinition): void {
  if (old.version === '' || now.version === '' || now.version > old.version) return
  throw new HostError(
    'stale-version',
    `rule ${old.id} already exists with version (${old.version}), new version (${now.version}) is lower`,
  )
}

function nameOf({ tenant, rule }: RuleKey): string {
  return `${tenant}/${rule}`
}
