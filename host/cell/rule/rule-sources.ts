import type { Logger } from '@plutino/sdk'
import type { Skip } from '#src/flow/frame-note.ts'
import type { OpenParams } from '#src/worker/protocol.ts'
import type { RuleSpec, SourceSpec, StoredCheckpoint } from '../cell.ts'
import { CellError } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import type { SpoolKey } from '../spool/spool-index.ts'
import { within } from './deadline.ts'
import { goesBack, isShared } from './going-back.ts'
import type { RuleSpools } from './rule-spools.ts'
import { RunningSource, type SourceListener } from './running-source.ts'
import type { SharedSources } from './shared-sources.ts'

export interface RuleSourcesOptions {
  readonly rule: RuleSpec
  readonly spools: RuleSpools
  readonly types: ReadonlyMap<string, ConnectorType<SourceConnector>>
  readonly shared: SharedSources
  readonly logger: Logger
  readonly listener: SourceListener
}

const FORGET_MS = 5000
const SETTLE_MS = 5000

/** By source: what an operator has written of where it goes on. */
export type Resets = ReadonlyMap<number, Readonly<Record<string, unknown>>>

type PluginPlaces = Pick<OpenParams, 'offsets' | 'skips' | 'trails'>

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
      for (const [index, source] of made.entries()) {
        if (this.#isShared(index)) void this.#release(source, index)
      }
      throw error
    }
    this.all = made
    for (const [index, source] of made.entries()) {
      const place = rule.checkpoint?.sources[index]
      if (place !== undefined && !this.#isShared(index)) {
        if (source.spooled === undefined) source.rewind(place.offset, place.sequence)
        else source.beginAt(place.offset)
      }
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
      this.all.map((source, index) =>
        this.#isShared(index)
          ? shared.opened(rule.tenant, source.spec.stream, source.spooled !== undefined)
          : source.open(),
      ),
    )
  }

  /** After which tuple a source with a spool is read; `undefined`: it has none. */
  after(index: number, checkpoint?: StoredCheckpoint): number | undefined {
    return this.#options.spools.after(index, checkpoint)
  }

  /** Where the plugins' sources go on, by source: behind what is in the spool, else behind the checkpoint. */
  async places(checkpoint: StoredCheckpoint | undefined): Promise<PluginPlaces> {
    const offsets: unknown[] = []
    const skips: Skip[] = []
    const trails: (readonly unknown[])[] = []
    for (const [index, source] of this.all.entries()) {
      const place = checkpoint?.sources[index]
      // With all of the spool behind it the checkpoint says it: an operator may have wanted another place since.
      const isCovered =
        place?.offset !== undefined && place.sequence >= (source.lastSpooled ?? Infinity)
      const lastOffset = isCovered ? undefined : source.lastOffset
      const trail = await source.trail(this.after(index, checkpoint) ?? 0)
      offsets.push(lastOffset ?? place?.offset)
      const skip = isCovered ? undefined : source.lastSkip
      skips.push(skip ?? (lastOffset === undefined ? (place?.skip ?? 0) : 0))
      trails.push(trail)
    }
    return { offsets, skips, trails }
  }

  /** Why a source is paused that should not be; '' when none is. */
  get trouble(): string {
    for (const { spooled } of this.all) if (spooled?.trouble) return spooled.trouble
    return ''
  }

  /** Why rows may be lost although the rule says that none may be; '' when none may. */
  get weakness(): string {
    return this.all.map((source) => source.weakness).find((text) => text !== '') ?? ''
  }

  /** There is no worker. Resolves when nothing is on its way to a spool. */
  async settled(): Promise<void> {
    for (const source of this.all) source.endLife()
    await Promise.all(this.all.map((source) => source.settled()))
  }

  /** Takes those that can back to a checkpoint, by a new life of theirs. @returns their numbers */
  async replay(checkpoint: StoredCheckpoint | undefined): Promise<number[]> {
    const numbers = [...this.all.keys()].filter(
      (index) => this.all[index]?.spooled === undefined && this.#goesBack(index, checkpoint),
    )
    await this.#reopen(numbers, checkpoint)
    return numbers
  }

  /**
   * Another worker goes on from a state that was taken while nothing was under way. What waits in the buffers stays; but a
   * plugin's source that goes back brings it again. @returns the numbers of those, which have another buffer
   */
  async reenter(
    checkpoint: StoredCheckpoint | undefined,
    resets?: Resets | undefined,
  ): Promise<number[]> {
    // What the last worker's plugins have written is to be in the spool before the next one asks where to go on.
    await within(this.settled(), SETTLE_MS, 'writing the spool').catch(() => {})
    await this.recover()
    const { sources } = this.#options.rule.plan
    const numbers = [...this.all.keys()].filter((index) => {
      const isOwn = sources[index]?.plugin !== undefined && this.all[index]?.spooled === undefined
      return isOwn && (resets?.has(index) || this.#goesBack(index, checkpoint))
    })
    await this.#reopen(numbers, checkpoint)
    return numbers
  }

  /** Where the plugins' sources go on that an operator has sent elsewhere: behind all that they have brought. */
  resets(resets: Resets, checkpoint: StoredCheckpoint | undefined): OpenParams['resets'] {
    return this.all.map((source, index) => {
      const input = resets.get(index)
      const sequence = source.lastSpooled ?? checkpoint?.sources[index]?.sequence ?? 0
      return input && { input, sequence }
    })
  }

  /** Another life for those that have failed. */
  async recover(): Promise<void> {
    await Promise.all(
      this.all.filter(({ hasFailed }) => hasFailed).map((source) => source.reconnect()),
    )
  }

  committed(checkpoint: StoredCheckpoint): void {
    this.#options.spools.committed(checkpoint)
    for (const [index, source] of this.all.entries()) {
      if (!this.#isShared(index)) source.committed(checkpoint.sources[index]?.offset)
      source.spooled?.tellRoom()
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const unlisten of this.#unlisten) unlisten()
    await Promise.all(this.all.map((source, index) => this.#release(source, index)))
  }

  async #reopen(
    numbers: readonly number[],
    checkpoint: StoredCheckpoint | undefined,
  ): Promise<void> {
    const reopened = numbers.map((index) => {
      const place = checkpoint?.sources[index]
      return this.all[index]?.reopen(place?.offset, place?.sequence ?? 0)
    })
    await Promise.all(reopened)
  }

  async #release(source: RunningSource, index: number): Promise<void> {
    const { rule, shared } = this.#options
    if (this.#isShared(index)) {
      await shared.release(rule.tenant, source.spec.stream, source.spooled !== undefined)
    } else await source.close()
  }

  #isShared(index: number): boolean {
    const { rule } = this.#options
    const spec = rule.sources[index]
    return spec !== undefined && isShared(rule, spec, index)
  }

  #goesBack(index: number, checkpoint: StoredCheckpoint | undefined): boolean {
    const source = this.all[index]
    if (source?.spooled !== undefined) return true
    if (source === undefined || this.#isShared(index)) return false
    return source.canRewind || checkpoint?.sources[index]?.offset !== undefined
  }

  #make(spec: SourceSpec, index: number): RunningSource {
    const { rule, types, shared, logger, spools } = this.#options
    const { generation, hostId } = spools
    const isPlugin = rule.plan.sources[index]?.plugin !== undefined
    const type = isPlugin ? undefined : types.get(spec.type)
    if (!isPlugin && type === undefined) {
      const text = `rule "${rule.rule}": no source type "${spec.type}" for stream "${spec.stream}"`
      throw new CellError('unknown-connector', text)
    }
    const { tenant, options } = rule
    const { qos } = options
    const spool = spools.spoolOf(index)
    const rewinds = isPlugin && goesBack(rule, index, types)
    const common = { spec, tenant, owner: rule.rule, generation, qos, logger, hostId }
    const made = { ...common, type, rewinds, spool }
    return this.#isShared(index) ? shared.acquire(made) : new RunningSource(made)
  }
}

export interface ForgetOptions {
  readonly types: RuleSourcesOptions['types']
  readonly hostId: string | undefined
  /** Spools that no rule needs any more. */
  readonly removed: readonly SpoolKey[]
  readonly logger: Logger
}

/** Ends what the sources of a rule that is no more keep elsewhere; a shared stream's goes with its last rule. */
export async function forgetSources(rule: RuleSpec, options: ForgetOptions): Promise<void> {
  const { types, hostId, removed, logger } = options
  const { tenant } = rule
  if (rule.options.qos === 0 || hostId === undefined) return
  for (const [index, spec] of rule.sources.entries()) {
    const { plugin, kind } = rule.plan.sources[index] ?? {}
    if (plugin !== undefined || kind === 'lookup') continue
    const { stream } = spec
    const isOfAll = isShared(rule, spec, index)
    if (isOfAll && !removed.some((key) => key.rule === '' && key.stream === stream)) continue
    const connector = types.get(spec.type)?.create()
    if (connector?.forget === undefined) continue
    connector.configure(spec.datasource, spec.props)
    const ruleId = isOfAll ? stream : rule.rule
    const work = connector.forget({ tenant, ruleId, name: stream, hostId })
    await within(work, FORGET_MS, `forgetting source "${stream}"`).catch((error: Error) =>
      logger.warn(error.message),
    )
  }
}
