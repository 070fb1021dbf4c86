import type { Logger } from '@plutino/sdk'
import type { Emission, Range } from '#src/worker/protocol.ts'
import type { RuleSpec } from '../cell.ts'
import type { ConnectorType, SinkConnector } from '../connectors/connector.ts'
import { CacheRoom } from '../delivery/cache-room.ts'
import { LaneMaker } from '../delivery/lane-maker.ts'
import { type SinkWorker, WorkerLine } from '../delivery/worker-line.ts'
import type { Lane } from './lane.ts'
import { PluginLane } from './plugin-lane.ts'

export interface RuleSinksOptions {
  readonly rule: RuleSpec
  readonly generation: string
  readonly types: ReadonlyMap<string, ConnectorType<SinkConnector>>
  /** Where caches of actions are kept; `undefined`: nothing is kept on disk. */
  readonly dataFolder?: string | undefined
  readonly logger: Logger
  /** Payloads were dealt with. */
  onProgress(): void
}

/** The lanes of a rule's actions, in the plan's order. */
export class RuleSinks {
  readonly #lanes: readonly Lane[]
  readonly #rule: RuleSpec
  readonly #logger: Logger
  readonly #room: CacheRoom | undefined
  readonly #abort = new AbortController()
  readonly #maker: LaneMaker
  readonly #line: WorkerLine

  constructor(options: RuleSinksOptions) {
    const { rule, generation, types, dataFolder, logger, onProgress } = options
    this.#rule = rule
    this.#logger = logger
    this.#room = dataFolder === undefined ? undefined : new CacheRoom(dataFolder)
    this.#line = new WorkerLine(onProgress)
    this.#maker = new LaneMaker({
      rule,
      generation,
      types,
      room: this.#room,
      line: this.#line,
      logger,
      signal: this.#abort.signal,
      onProgress,
    })
    this.#lanes = rule.actions.map((_, index) => this.#make(index))
  }

  get isFull(): boolean {
    let isFull = this.#line.isCareful
    for (const lane of this.#lanes) isFull = lane.isFull || isFull
    return isFull
  }

  /** Nothing would be lost if the process ended. */
  get isIdle(): boolean {
    return this.#lanes.every((lane) => lane.isIdle)
  }

  /** Nothing is left to be sent, from caches neither. */
  get isEmpty(): boolean {
    return this.#lanes.every((lane) => lane.isEmpty)
  }

  /** What keeps an action from sending, in one line; '' when there is nothing to say. */
  get trouble(): string {
    const troubles = this.#lanes.map((lane) => lane.trouble).filter((text) => text !== '')
    return troubles.join('; ')
  }

  acknowledged(): number[] {
    return this.#lanes.map((lane) => lane.acknowledged)
  }

  /** The last payloads that anyone has of each action, in whichever life of the worker. */
  accepted(): number[] {
    return this.#lanes.map((lane) => lane.accepted)
  }

  /** From where the worker of now counts: it may emit again what is known. */
  positions(): number[] {
    return this.#lanes.map((lane) => lane.position)
  }

  async open(): Promise<void> {
    const { tenant, rule } = this.#rule
    const gone = await this.#room?.keepOnly({ tenant, rule }, this.#maker.cached)
    for (const [action, payloads] of gone ?? []) {
      if (payloads === 0) continue
      this.#logger.warn(
        `the rule has no cache for action ${action} any more: ${payloads} payloads in it are dropped`,
      )
    }
    await Promise.all([...this.#lanes.map((lane) => lane.open()), this.#maker.poison?.open()])
  }

  /** A worker whose flow is open: sinks of its plugins can be given what is kept for them. */
  connect(worker: SinkWorker, isQuiet: () => boolean): void {
    this.#line.connect(worker, isQuiet)
  }

  accept(emissions: readonly Emission[]): void {
    for (const emission of emissions) this.#lanes[emission.action]?.accept(emission)
  }

  delivered(action: number, sequence: number, dropped?: string): void {
    const lane = this.#lanes[action]
    if (lane instanceof PluginLane) lane.deliver(sequence, dropped)
  }

  restart(positions: readonly number[]): void {
    for (const [index, lane] of this.#lanes.entries()) lane.restart(positions[index] ?? 0)
  }

  /** A tuple that kills its worker goes to the rule's dead letters, if it has any. */
  setAside(source: number, { buffer, count, first }: Range): void {
    const stream = this.#rule.sources[source]?.stream
    const error = new Error(`the tuple kills the worker of rule "${this.#rule.rule}"`)
    const chunk = { buffer, count, first, epoch: this.#rule.epoch }
    this.#maker.poison?.take(chunk, { error, attempts: 2, stream }).catch((failure: Error) => {
      this.#logger.error(`a dead letter could not be sent: ${failure.message}`)
    })
  }

  async close(): Promise<void> {
    this.#abort.abort()
    const { poison } = this.#maker
    await Promise.all([...this.#lanes.map((lane) => lane.close()), poison?.close()])
  }

  /** `sink_mqtt_0_0_records_in_total` and so on. */
  figures(): Record<string, number | string> {
    const all: Record<string, number | string> = {}
    for (const [index, lane] of this.#lanes.entries()) {
      const prefix = `sink_${this.#rule.actions[index]?.type}_${index}_0_`
      for (const [key, value] of Object.entries(lane.figures())) all[prefix + key] = value
    }
    return all
  }

  #make(index: number): Lane {
    const position = this.#rule.checkpoint?.positions[index] ?? 0
    const { plugin, throughHost } = this.#rule.plan.actions[index] ?? {}
    if (plugin !== undefined && throughHost === undefined) return new PluginLane(position)
    return this.#maker.make(index, position)
  }
}
