import type { Logger } from '@plutino/sdk'
import type { RuleSpec, SourceSpec, StoredCheckpoint } from '../cell.ts'
import { CellError } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import { RunningSource, type SourceListener } from './running-source.ts'
import type { SharedSources } from './shared-sources.ts'

export interface RuleSourcesOptions {
  readonly rule: RuleSpec
  readonly generation: string
  readonly types: ReadonlyMap<string, ConnectorType<SourceConnector>>
  readonly shared: SharedSources
  readonly logger: Logger
  readonly listener: SourceListener
}

/** The sources of one rule, its own and those that it shares, in the plan's order. */
export class RuleSources {
  readonly all: readonly RunningSource[]
  readonly #options: RuleSourcesOptions
  readonly #unlisten: (() => void)[] = []
  #isClosed = false

  constructor(options: RuleSourcesOptions) {
    this.#options = options
    const { rule, listener } = options
    const made: RunningSource[] = []
    try {
      for (const [index, spec] of rule.sources.entries()) {
        // Lookup tables come last, and give no rows of their own.
        if (rule.plan.sources[index]?.kind !== 'lookup') made.push(this.#make(spec, index))
      }
    } catch (error) {
      for (const source of made) if (isShared(source.spec)) void this.#release(source)
      throw error
    }
    this.all = made
    for (const [index, source] of made.entries()) {
      const place = rule.checkpoint?.sources[index]
      if (place !== undefined && !isShared(source.spec)) source.rewind(place.offset, place.sequence)
      this.#unlisten.push(source.listen(listener))
    }
  }

  /** All of them can go back to a checkpoint: then everything since is made again. */
  canReplay(checkpoint: StoredCheckpoint | undefined): boolean {
    return this.all.every((_, index) => this.#goesBack(index, checkpoint))
  }

  async open(): Promise<void> {
    const { rule, shared } = this.#options
    await Promise.all(
      this.all.map((source) =>
        isShared(source.spec) ? shared.opened(rule.tenant, source.spec.stream) : source.open(),
      ),
    )
  }

  /** Takes those that can back to a checkpoint. @returns their numbers */
  async replay(checkpoint: StoredCheckpoint | undefined): Promise<number[]> {
    const numbers = [...this.all.keys()].filter((index) => this.#goesBack(index, checkpoint))
    await Promise.all(
      numbers.map((index) => {
        const place = checkpoint?.sources[index]
        return this.all[index]?.reopen(place?.offset, place?.sequence ?? 0)
      }),
    )
    return numbers
  }

  /** Another life for those that have failed. */
  async recover(): Promise<void> {
    await Promise.all(
      this.all.filter(({ hasFailed }) => hasFailed).map((source) => source.reconnect()),
    )
  }

  committed(checkpoint: StoredCheckpoint): void {
    for (const [index, source] of this.all.entries()) {
      if (!isShared(source.spec)) source.committed(checkpoint.sources[index]?.offset)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const unlisten of this.#unlisten) unlisten()
    await Promise.all(this.all.map((source) => this.#release(source)))
  }

  async #release(source: RunningSource): Promise<void> {
    const { rule, shared } = this.#options
    if (isShared(source.spec)) await shared.release(rule.tenant, source.spec.stream)
    else await source.close()
  }

  #goesBack(index: number, checkpoint: StoredCheckpoint | undefined): boolean {
    const source = this.all[index]
    if (source === undefined || isShared(source.spec)) return false
    return source.canRewind || checkpoint?.sources[index]?.offset !== undefined
  }

  #make(spec: SourceSpec, index: number): RunningSource {
    const { rule, types, shared, logger, generation } = this.#options
    const isPlugin = rule.plan.sources[index]?.plugin !== undefined
    const type = isPlugin ? undefined : types.get(spec.type)
    if (!isPlugin && type === undefined) {
      const text = `rule "${rule.rule}": no source type "${spec.type}" for stream "${spec.stream}"`
      throw new CellError('unknown-connector', text)
    }
    const { tenant, options } = rule
    const { qos } = options
    const made = { spec, tenant, owner: rule.rule, generation, qos, type, logger }
    return isShared(spec) && !isPlugin ? shared.acquire(made) : new RunningSource(made)
  }
}

function isShared(spec: SourceSpec): boolean {
  return spec.shared
}
