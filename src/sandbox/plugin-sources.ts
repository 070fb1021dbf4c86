import type { SourceContext } from '@plutino/sdk'
import type { FlowId, HostCalls, OpenParams, PluginCode } from '#src/worker/protocol.ts'
import { cleanError } from './clean-error.ts'
import type { Harden } from './context.ts'
import { formerOffsets, knownOf, skipOf, trailOf } from './instance-offsets.ts'
import { titleOf } from './load.ts'
import { PluginSource } from './plugin-source.ts'
import { stackOf } from './plugin-stack.ts'
import { SourceFeed } from './source-feed.ts'
import type { RealTimers } from './timers.ts'

export interface PluginSourcesOptions {
  readonly id: FlowId
  readonly params: OpenParams
  readonly host: HostCalls
  readonly runtime: { readonly harden: Harden; readonly timers: RealTimers }
  code(plugin: number): PluginCode
  instance(code: PluginCode): object
  context(code: PluginCode, operatorId: string, instanceId: number, more: object): unknown
}

/** The sources of a flow that are plugins', each with as many instances as its stream asks for. */
export class PluginSources {
  /** The numbers of those whose place can be reset. */
  readonly resettable = new Set<number>()
  /** By number: where it goes on after its place was reset. */
  readonly resetOffsets = new Map<number, unknown>()
  readonly #options: PluginSourcesOptions
  readonly #all: PluginSource[] = []

  constructor(options: PluginSourcesOptions) {
    this.#options = options
  }

  /** One after the other; of one source all instances know where to go on before the first is opened. */
  async open(): Promise<void> {
    const { params, code } = this.#options
    for (const [number, { plugin, concurrency, kind }] of params.plan.sources.entries()) {
      if (plugin === undefined || kind === 'lookup') continue
      await this.#open(number, code(plugin), Math.max(1, concurrency))
    }
  }

  close(): Promise<void>[] {
    return this.#all.map((source) => source.close())
  }

  async #open(number: number, code: PluginCode, many: number): Promise<void> {
    const { id, params, host, runtime } = this.#options
    const reset = params.resets?.[number]
    const saved = reset === undefined ? params.offsets[number] : undefined
    const former = formerOffsets(saved, many)
    const skip = params.skips?.[number] ?? 0
    const trail = params.trails?.[number] ?? []
    const setup = params.sources?.[number]
    /** With several instances a frame carries the offsets of all: whichever row is the last, none begins anew. */
    const positions = Array.from({ length: many }, (_, i) =>
      Array.isArray(saved) ? saved[i] : undefined,
    )
    const feed = new SourceFeed({
      send: (chunk, count) => host.write(id, number, chunk, count),
      later: (run) => runtime.timers.setImmediate(run),
    })
    let running = many
    const ended = () => {
      running--
      if (running === 0) host.ended(id, number)
    }
    const instances: PluginSource[] = []
    for (let instanceId = 0; instanceId < many; instanceId++) {
      const source = new PluginSource({
        title: titleOf(code),
        instance: this.#options.instance(code),
        datasource: setup?.datasource ?? '',
        props: setup?.props ?? {},
        offset: (many === 1 ? saved : positions[instanceId]) ?? undefined,
        known: former === undefined ? knownOf(skip, many, instanceId) : 0,
        // Others may not have come again to what is known of them.
        skip: (own) =>
          many === 1
            ? own || undefined
            : skipOf(instances.map((each, i) => (i === instanceId ? own : each.known))),
        allOffsets: former,
        since: trailOf(trail, saved, many, instanceId),
        reset: reset?.input,
        frameOffset: (own) => {
          if (many === 1) return own
          positions[instanceId] = own
          return [...positions]
        },
        timers: runtime.timers,
        feed,
        context: (more) =>
          this.#options.context(code, `source_${number}`, instanceId, {
            ...more,
            instances: many,
            takesLines: true,
          }) as SourceContext,
        rewound: (own) => {
          positions[instanceId] = own
        },
        harden: runtime.harden,
        failed: (where, error) =>
          host.failed(id, {
            plugin: code.name,
            where,
            ...cleanError(error),
            stack: stackOf(error),
          }),
        ended,
      })
      this.#all.push(source)
      instances.push(source)
      if (source.isResettable) this.resettable.add(number)
      await source.prepare()
    }
    if (reset !== undefined) {
      const place = many === 1 ? positions[0] : [...positions]
      feed.begin(place)
      this.resetOffsets.set(number, place)
    }
    for (const source of instances) await source.open()
  }
}
