import type { Logger } from '@plutino/sdk'
import type { Emission } from '#src/worker/protocol.ts'
import { CellError, type RuleSpec } from '../cell.ts'
import type { ConnectorType, SinkConnector } from '../connectors/connector.ts'
import { Connection } from './connection.ts'
import { PluginLane } from './plugin-lane.ts'
import { type Lane, SinkLane } from './sink-lane.ts'

export interface RuleSinksOptions {
  readonly rule: RuleSpec
  readonly generation: string
  readonly types: ReadonlyMap<string, ConnectorType<SinkConnector>>
  readonly logger: Logger
  /** Payloads were dealt with. */
  onProgress(): void
}

/** The lanes of a rule's actions, in the plan's order. */
export class RuleSinks {
  readonly #lanes: readonly Lane[]
  readonly #rule: RuleSpec
  readonly #abort = new AbortController()

  constructor(options: RuleSinksOptions) {
    this.#rule = options.rule
    this.#lanes = options.rule.actions.map((_, index) => this.#make(options, index))
  }

  get isFull(): boolean {
    let isFull = false
    for (const lane of this.#lanes) isFull = lane.isFull || isFull
    return isFull
  }

  get isIdle(): boolean {
    return this.#lanes.every((lane) => lane.isIdle)
  }

  acknowledged(): number[] {
    return this.#lanes.map((lane) => lane.acknowledged)
  }

  accepted(): number[] {
    return this.#lanes.map((lane) => lane.accepted)
  }

  async open(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.open()))
  }

  accept(emissions: readonly Emission[]): void {
    for (const emission of emissions) this.#lanes[emission.action]?.accept(emission)
  }

  delivered(action: number, sequence: number): void {
    const lane = this.#lanes[action]
    if (lane instanceof PluginLane) lane.deliver(sequence)
  }

  restart(positions: readonly number[]): void {
    for (const [index, lane] of this.#lanes.entries()) lane.restart(positions[index] ?? 0)
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#lanes.map((lane) => lane.close()))
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

  #make({ rule, generation, types, logger, onProgress }: RuleSinksOptions, index: number): Lane {
    const position = rule.checkpoint?.positions[index] ?? 0
    if (rule.plan.actions[index]?.plugin !== undefined) return new PluginLane(position)
    const action = rule.actions[index]
    const type = types.get(action?.type ?? '')
    if (action === undefined || type === undefined) {
      const text = `rule "${rule.rule}": no sink type "${action?.type}" for action ${index}`
      throw new CellError('unknown-connector', text)
    }
    const connector = type.create()
    connector.configure(action.props)
    const connection = new Connection()
    const context = {
      tenant: rule.tenant,
      ruleId: rule.rule,
      name: `${action.type}_${index}`,
      generation,
      signal: this.#abort.signal,
      logger,
      clock: { now: Date.now },
      qos: rule.options.qos,
      connection: connection.set.bind(connection),
    }
    return new SinkLane({ connector, connection, context, epoch: rule.epoch, position, onProgress })
  }
}
