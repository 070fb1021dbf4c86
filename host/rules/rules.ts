import { randomUUID } from 'node:crypto'
import type { RuleStart } from '#host/catalog/rules.ts'
import type { CellEvent, RuleKey } from '#host/cell/cell.ts'
import { HostError, textOf } from '#host/errors.ts'
import { type RuleDefinition, readRule } from './definition.ts'
import type { Planned } from './planning.ts'
import { PluginUses, type WantedUse } from './plugin-uses.ts'
import { KeyedQueue } from './queue.ts'
import { nameOf, notFound, RuleRegistry } from './registry.ts'
import { checkVersion, notRegistered } from './rule-refusals.ts'
import type { RuleServiceOptions } from './rule-service-options.ts'
import { Scheduler } from './scheduler.ts'
import { RuleStarter } from './starter.ts'
import type { Standing, StartFailure } from './status.ts'
import { type MovedRule, RuleUpgrades } from './upgrades.ts'

/** Joins what should exist (the catalog) with what runs (the cell). Changes of one rule wait for each other. */
export class RuleService {
  readonly #options: RuleServiceOptions
  readonly #queue = new KeyedQueue()
  readonly #starter: RuleStarter
  readonly #scheduler: Scheduler
  readonly #registry: RuleRegistry
  readonly #uses: PluginUses
  readonly #upgrades: RuleUpgrades
  readonly #unwatch: () => void
  #isClosing = false

  constructor(options: RuleServiceOptions) {
    this.#options = options
    const { catalog, cell, planner } = options
    this.#registry = new RuleRegistry(catalog)
    this.#starter = new RuleStarter({
      ...options,
      checkCalls: (tenant, planned) => planner.checkCalls(tenant, planned),
      retry: (key) => this.#inBackground(key, () => this.#startIfWanted(key)),
    })
    this.#uses = new PluginUses(catalog, this.#starter)
    this.#upgrades = new RuleUpgrades({
      ...options,
      starter: this.#starter,
      registry: this.#registry,
      uses: this.#uses,
      nextStart: (key) => this.#nextStart(key),
      audit: (tenant, note) => catalog.audit.add(tenant, note),
    })
    this.#scheduler = new Scheduler({
      begin: (key) => this.#inBackground(key, () => this.#startIfWanted(key)),
      end: (key, reason) => this.#inBackground(key, () => this.#starter.stop(key, reason)),
    })
    this.#unwatch = cell.watch((event) => this.#changed(event))
  }

  /** Validated, started, then kept: a rule that cannot be is never seen. */
  create(tenant: string, json: unknown): Promise<string> {
    const definition = readRule(json)
    return this.#queued({ tenant, rule: definition.id }, async (key) => {
      if (this.#registry.has(key)) {
        throw new HostError(
          'already-exists',
          `rule ${definition.id} already exists; PUT /rules/${definition.id} replaces it`,
        )
      }
      const planned = await this.#options.planner.checkUnstarted(tenant, definition)
      const unclaim = await this.#options.topics.claim(key, planned)
      try {
        const isDue = definition.triggered && this.#follow(key, planned)
        const start = { epoch: isDue ? 1 : 0, generation: randomUUID() }
        if (isDue) await this.#deploy(key, planned, start)
        await this.#keep(key, definition, planned, start)
      } catch (error) {
        // what is in no catalog must not run: nobody could stop it
        unclaim()
        this.#scheduler.delete(key)
        await this.#starter.stop(key, 'it could not be kept')
        throw error
      }
      return definition.id
    })
  }

  /** The new plan is made first: when it cannot be, the rule runs on as it was. Makes a rule that does not exist. */
  async update(tenant: string, id: string, json: unknown): Promise<string> {
    const definition = readRule(json, id)
    if (!this.#registry.has({ tenant, rule: id })) return this.create(tenant, definition.json)
    return this.#queued({ tenant, rule: id }, async (key) => {
      const old = this.#registry.get(key)
      checkVersion(old, definition)
      const planned = await this.plan(tenant, definition, true)
      const unclaim = await this.#options.topics.claim(key, planned)
      const wasFollowed = this.#scheduler.phase(key) !== undefined
      const wasRunning = await this.#starter.isRunning(key)
      this.#scheduler.delete(key)
      if (wasRunning) await this.#starter.stop(key, 'stopped by update')
      try {
        const isDue = definition.triggered && this.#follow(key, planned)
        if (isDue) await this.#deploy(key, planned, this.#nextStart(key))
        await this.#keep(key, definition, planned)
      } catch (error) {
        unclaim()
        await this.#goBack(key, old, wasRunning || wasFollowed)
        throw error
      }
      return id
    })
  }

  start(tenant: string, id: string): Promise<void> {
    return this.#queued(
      { tenant, rule: id },
      async (key) => {
        const definition = this.#registry.get(key, notRegistered('start'))
        if (!(await this.#starter.isRunning(key))) await this.#startNow(key, definition, false)
        this.#options.catalog.rules.setTriggered(tenant, id, true)
        await this.#options.catalog.durable()
      },
      'start',
    )
  }

  stop(tenant: string, id: string, reason = 'canceled manually'): Promise<void> {
    return this.#queued(
      { tenant, rule: id },
      async (key) => {
        this.#registry.get(key, notRegistered('stop'))
        this.#options.catalog.rules.setTriggered(tenant, id, false)
        this.#scheduler.delete(key)
        await this.#starter.stop(key, reason)
        await this.#options.catalog.durable()
      },
      `stop ${reason}`,
    )
  }

  /** @param isLocked with the versions of plugins that it has */
  restart(tenant: string, id: string, isLocked = false): Promise<void> {
    return this.#queued(
      { tenant, rule: id },
      async (key) => {
        const definition = this.#registry.get(key, notRegistered('restart'))
        await this.#starter.stop(key, 'restarted')
        await this.#startNow(key, definition, isLocked)
        this.#options.catalog.rules.setTriggered(tenant, id, true)
        await this.#options.catalog.durable()
      },
      isLocked ? 'restart with the same plugins' : 'restart',
    )
  }

  drop(tenant: string, id: string): Promise<void> {
    return this.#queued({ tenant, rule: id }, async (key) => {
      this.#registry.get(key, (name) => `Delete rule error: rule ${name} not found`)
      this.#scheduler.delete(key)
      await this.#starter.stop(key, 'dropped')
      const { catalog, checkpoints, cell } = this.#options
      this.#registry.remove(key)
      await this.#options.topics.release(key)
      this.#starter.forget(key)
      await checkpoints.remove(key)
      await cell.forget(key)
      await catalog.durable()
    })
  }

  /** A rule that ran runs again afterwards, whatever came of the work. */
  whileStopped(
    rule: RuleKey,
    what: string,
    work: (key: RuleKey, next: () => RuleStart) => Promise<void>,
  ): Promise<void> {
    return this.#queued(rule, async (key) => {
      const definition = this.#registry.get(key, notRegistered(`${what} of`))
      const wasRunning = await this.#starter.isRunning(key)
      await this.#starter.stop(key, what)
      try {
        await work(key, () => this.#nextStart(key))
      } catch (error) {
        if (wasRunning) await this.#startAgain(key, definition)
        throw error
      }
      if (wasRunning) await this.#startNow(key, definition)
    })
  }

  /** Work on a rule as it is: nothing else changes it meanwhile. */
  inTurn(rule: RuleKey, what: string, work: (key: RuleKey) => Promise<void>): Promise<void> {
    return this.#queued(rule, async (key) => {
      this.#registry.get(key, notRegistered(`${what} of`))
      await work(key)
    })
  }

  setTags(tenant: string, id: string, change: (tags: readonly string[]) => readonly string[]) {
    return this.#queued({ tenant, rule: id }, async (key) => {
      this.#registry.setTags(key, change(this.#registry.get(key).tags))
      await this.#options.catalog.durable()
    })
  }

  /** @throws HostError `not-found`, with the sentence that the caller has for it */
  get(tenant: string, id: string, otherwise: (id: string) => string = notFound): RuleDefinition {
    return this.#registry.get({ tenant, rule: id }, otherwise)
  }

  list(tenant: string): RuleDefinition[] {
    return this.#registry.list(tenant)
  }

  /** What the rule would do; nothing is changed. Of one that is to be made the functions of plugins are asked, too. */
  plan(tenant: string, definition: RuleDefinition, isNew = false): Promise<Planned> {
    const { planner } = this.#options
    return isNew ? planner.check(tenant, definition) : planner.plan(tenant, definition)
  }

  failure(tenant: string, id: string): StartFailure | undefined {
    return this.#starter.failure({ tenant, rule: id })
  }

  /** Where it stands: what the cell says, and what is known above it. */
  async standing(tenant: string, id: string): Promise<Standing> {
    const key = { tenant, rule: id }
    const { cell, authorsLines } = this.#options
    const standing: Standing = {
      status: await cell.status(key),
      failure: this.#starter.failure(key),
      stopped: this.#starter.stopped(key),
      phase: this.#scheduler.phase(key),
      plan: this.#starter.planOf(key),
      note: this.#starter.note(key),
    }
    const { plan, ...told } = standing
    return authorsLines === undefined ? standing : { ...(await authorsLines(tenant, told)), plan }
  }

  /** The rules that hold an extension of a plugin: in a worker, or to be started with it again. */
  usedBy(tenant: string, use: WantedUse): string[] {
    return this.#uses.of(tenant, use)
  }

  /** After a grant: the same versions have other powers. @returns the rules that were restarted */
  async restartUsers(tenant: string, packageName: string): Promise<string[]> {
    const users = this.#starter.usersOf(tenant, (use) => use.package === packageName)
    await Promise.all(users.map((id) => this.restart(tenant, id, true)))
    return users
  }

  /** Moves the rules that run with a package to its newest version in their range. */
  upgradeUsers(tenant: string, packageName: string): Promise<MovedRule[]> {
    const users = this.#starter.usersOf(tenant, (use) => use.package === packageName)
    return Promise.all(
      users.map((rule) =>
        this.#queued({ tenant, rule }, (key) => this.#upgrades.move(key), 'upgrade'),
      ),
    )
  }

  isDebug(key: RuleKey): boolean {
    return this.#registry.isDebug(key)
  }

  /** Rules of all tenants that ran when the server ended run again; those with a schedule follow it. */
  async restore(): Promise<void> {
    const keys = this.#registry.wanted()
    await Promise.all(keys.map((key) => this.#inBackground(key, () => this.#startIfWanted(key))))
  }

  /** The time zone is another one: schedules are read anew. */
  async reschedule(): Promise<void> {
    const followed = this.#registry.wanted().filter((key) => this.#scheduler.phase(key))
    await Promise.all(
      followed.map((key) =>
        this.#inBackground(key, async () => {
          const planned = await this.#planLocked(key, this.#registry.get(key))
          const isDue = this.#follow(key, planned)
          const isRunning = await this.#starter.isRunning(key)
          if (isDue && !isRunning) await this.#deploy(key, planned, this.#nextStart(key))
          else if (!isDue && isRunning) await this.#starter.stop(key, 'schedule terminated')
        }),
      ),
    )
  }

  /** No more changes from now on. */
  refuse(): void {
    this.#isClosing = true
    this.#scheduler.close()
    this.#starter.close()
  }

  /** Resolves when the changes that were under way are made. The rules are the cell's to end. */
  async close(): Promise<void> {
    this.refuse()
    this.#unwatch()
    await this.#queue.idle()
  }

  #queued<T>(key: RuleKey, task: (key: RuleKey) => Promise<T>, verb?: string): Promise<T> {
    if (this.#isClosing) {
      return Promise.reject(new HostError('stopping', 'the server is stopping; try again later'))
    }
    return this.#queue.run(nameOf(key), () => task(key), verb)
  }

  /** What fails is the rule's status, and a line in the log. Never rejects. */
  async #inBackground(key: RuleKey, task: () => Promise<void>): Promise<void> {
    if (this.#isClosing) return
    await this.#queued(key, task).catch((error: unknown) => this.#starter.failed(key, error))
  }

  /** Its time has come; it may have been dropped, stopped or started since that was asked for. */
  async #startIfWanted(key: RuleKey): Promise<void> {
    if (!this.#registry.isWanted(key) || (await this.#starter.isRunning(key))) return
    await this.#startNow(key, this.#registry.get(key))
  }

  async #startNow(key: RuleKey, definition: RuleDefinition, isLocked = true): Promise<void> {
    const planned = await (isLocked
      ? this.#planLocked(key, definition)
      : this.plan(key.tenant, definition))
    if (this.#follow(key, planned)) await this.#deploy(key, planned, this.#nextStart(key))
  }

  #planLocked(key: RuleKey, definition: RuleDefinition): Promise<Planned> {
    return this.#options.planner.plan(key.tenant, definition, this.#uses.locks(key))
  }

  async #startAgain(key: RuleKey, definition: RuleDefinition): Promise<void> {
    await this.#startNow(key, definition).catch((error: unknown) =>
      this.#starter.failed(key, error),
    )
  }

  /** @returns whether it is to run now; its schedule, if it has one, sees to the rest */
  #follow(key: RuleKey, { schedule }: Planned): boolean {
    if (schedule !== undefined) return this.#scheduler.set(key, schedule).isActive
    this.#scheduler.delete(key)
    return true
  }

  async #deploy(key: RuleKey, planned: Planned, start: RuleStart): Promise<void> {
    await this.#starter.deploy(key, planned, start)
    this.#uses.lock(key, planned.plan.plugins)
    // what nothing referred to yet may have been dropped while the worker started
    const { definitions } = this.#options.catalog
    const gone = planned.streams.find((name) => definitions.get(key.tenant, name) === undefined)
    if (gone === undefined) return
    await this.#starter.stop(key, `${gone} was dropped`)
    throw new HostError(
      'not-found',
      `rule ${key.rule}: ${gone} was dropped while the rule started; create it again first`,
    )
  }

  /** An update that was refused, or could not be kept: the rule goes on as it was. */
  async #goBack(key: RuleKey, old: RuleDefinition, wasOn: boolean): Promise<void> {
    this.#scheduler.delete(key)
    if (await this.#starter.isRunning(key)) await this.#starter.stop(key, 'its update failed')
    try {
      const { streams } = await this.plan(key.tenant, old)
      this.#registry.put(key, old, { triggered: wasOn, streams })
    } catch (error) {
      this.#options.report(key, `its old definition could not be kept: ${textOf(error)}`)
    }
    if (wasOn) await this.#startAgain(key, old)
  }

  #nextStart({ tenant, rule }: RuleKey): RuleStart {
    return this.#options.catalog.rules.nextStart(tenant, rule)
  }

  async #keep(
    key: RuleKey,
    definition: RuleDefinition,
    { streams, plan }: Planned,
    start?: RuleStart | undefined,
  ): Promise<void> {
    const isOver = this.#starter.hasDone(key) && this.#scheduler.phase(key) === undefined
    const triggered = definition.triggered && !isOver
    this.#registry.put(key, definition, { triggered, streams, start })
    this.#uses.lock(key, plan.plugins)
    await this.#options.catalog.durable()
  }

  /**
   * A bounded rule that has come to its end does not begin again with the next start of the server, unless its schedule
   * says so.
   */
  #changed(event: CellEvent): void {
    const isDone = this.#starter.heard(event)
    if (!isDone || this.#scheduler.phase(event) !== undefined) return
    const { tenant, rule } = event
    try {
      this.#options.catalog.rules.setTriggered(tenant, rule, false)
    } catch (error) {
      this.#options.report({ tenant, rule }, `that it is done could not be kept: ${textOf(error)}`)
    }
  }
}
