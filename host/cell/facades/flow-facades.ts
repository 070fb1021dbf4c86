import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { FacadeLink } from '#src/worker/protocol.ts'
import type { PluginPowers, PluginSpec, RefusedPower, RuleSpec } from '../cell.ts'
import type { LimitName } from '../limits.ts'
import { GuardedEndpoint, type Serve } from '../workers/guarded-endpoint.ts'
import type { Facade, FacadeEnd, MakeFacade } from './facade.ts'
import type { Quotas } from './files/quota.ts'
import { filesFacade } from './files.ts'
import { httpFacade } from './http.ts'
import { Refusals } from './refusals.ts'
import { secretsFacade } from './secrets.ts'
import { socketFacade } from './sockets.ts'

export interface FlowFacadesOptions {
  readonly rule: RuleSpec
  refused(refusal: RefusedPower): void
  /** A worker has broken the protocol of a facade once too often. */
  onOffence(reason: string, limit: LimitName): void
  /** A package has used up what it may have at one time, or its quota. */
  onLimit?: ((limit: LimitName, plugin: string) => void) | undefined
  /** Of all rules of the cell. @default the flow's own */
  readonly quotas?: Quotas | undefined
  /** @default all that there are */
  readonly makers?: readonly MakeFacade[] | undefined
}

/** Every power that is served. */
const allFacades: readonly MakeFacade[] = [socketFacade, httpFacade, filesFacade, secretsFacade]

/** Twice what the worker's side lets a package send. */
const MESSAGES_PER_SECOND = 40_000

const nothing: PluginPowers = {
  network: [],
  files: { folders: {} },
  secrets: {},
  asked: [],
  grantCall: 'plutino plugin grant',
}

/** What the plugins of one life of a flow reach of the host: a port for each package, revoked together. */
export class FlowFacades {
  /** For the worker; transferred with `open`. */
  readonly links: readonly FacadeLink[]
  readonly #served: readonly Served[]

  constructor(options: FlowFacadesOptions) {
    const packages = new Map<string, PluginSpec>()
    for (const plugin of options.rule.plugins) {
      const key = `${plugin.package}@${plugin.version}`
      if (!packages.has(key)) packages.set(key, plugin)
    }
    const made = [...packages.values()].map((plugin) => {
      const { port1, port2 } = new MessageChannel()
      const { package: name, version } = plugin
      const link: FacadeLink = { package: name, version, port: port2 }
      return { link, served: new Served(port1, plugin, options) }
    })
    this.links = made.map(({ link }) => link)
    this.#served = made.map(({ served }) => served)
  }

  /** Revokes everything. What a worker has let go of in order is left to end in order. */
  close(): void {
    for (const served of this.#served) served.close('revoked')
  }
}

/** One package's port. */
class Served {
  readonly #endpoint: GuardedEndpoint
  readonly #facades: readonly Facade[]
  readonly #refusals: Refusals
  #isClosed = false

  constructor(port: MessagePort, plugin: PluginSpec, options: FlowFacadesOptions) {
    const { rule, makers = allFacades } = options
    const { package: name, version, powers = nothing } = plugin
    const title = `plugin ${name}@${version}`
    this.#refusals = new Refusals({
      title,
      powers,
      report: (refusal) =>
        options.refused({
          tenant: rule.tenant,
          rule: rule.rule,
          plugin: name,
          version,
          ...refusal,
        }),
    })
    this.#facades = makers.map((make) =>
      make({
        title,
        tenant: rule.tenant,
        powers,
        quotas: options.quotas,
        isTrusted: rule.plan.plugins.some((use) => use.package === name && use.tier === 'trusted'),
        push: (event, args, move) => this.#endpoint.push(event, args, move),
        denied: (power, to) => this.#refusals.denied(power, to),
      }),
    )
    const methods = new Map<string, Serve>()
    for (const facade of this.#facades) {
      for (const [method, serve] of facade.methods) methods.set(method, serve)
    }
    this.#endpoint = new GuardedEndpoint(port, {
      methods,
      messagesPerSecond: MESSAGES_PER_SECOND,
      onOffence: (reason, limit) => options.onOffence(`${title}: ${reason}`, limit),
      onRefused: (method, code) => {
        if (code !== 'ERR_PLUGIN_LIMIT') return
        options.onLimit?.(method.startsWith('files.') ? 'storage' : 'connections', name)
      },
    })
    this.#endpoint.onClosed(() => this.close('ended'))
    // A worker that never opens its flow must not keep the process.
    port.unref()
  }

  close(how: FacadeEnd): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const facade of this.#facades) facade.close(how)
    this.#endpoint.close()
    this.#refusals.close()
  }
}
