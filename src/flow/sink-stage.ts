import type { Batch, Output, Row } from '#src/operators/operator.ts'
import type { Plan } from '#src/plan/plan.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { Channel } from './encode/channel.ts'
import { type Chunk, ChunkWriter } from './encode/chunk-writer.ts'
import type { EncoderContext } from './encode/encoder.ts'
import { rowPayload } from './encode/row-payload.ts'
import { payloadStart } from './frame.ts'
import type { PluginSink } from './plugin-sink.ts'
import { RowActions } from './row-actions.ts'
import type { RowHold } from './row-hold.ts'

const { stringify } = JSON

export interface SinkStageOptions {
  /** Sequence number of the last payload of each action. @default 0 each */
  readonly positions?: readonly number[] | undefined
  readonly sink?: ((action: number) => PluginSink | undefined) | undefined
  /** What the plugin of an action takes whose emissions go through the host. */
  readonly hosted?: ((action: number) => PluginSink['accepts'] | undefined) | undefined
  /** Told of a row that cannot be encoded. */
  rowError(error: unknown, time: number): void
}

/** The end of a flow: encodes what comes out of it for each action, and numbers the payloads. */
export class SinkStage implements Output {
  readonly #channels: readonly Channel[]
  readonly #sinks: ReadonlyMap<number, PluginSink>
  readonly #rows: RowActions
  /** Rows of plugins for which the host keeps them. */
  readonly #hostedRows = new Map<number, ChunkWriter>()
  readonly #takesLate: boolean
  /** What lingers, by the name of its state. */
  readonly #holds: ReadonlyMap<string, RowHold>
  readonly #positions: number[]

  constructor(plan: Plan, options: SinkStageOptions) {
    const { positions, sink, hosted, rowError } = options
    this.#takesLate = plan.actions.some(({ encode }) => encode.lateRows === true)
    this.#positions = plan.actions.map((_, i) => positions?.[i] ?? 0)
    const sinks = new Map<number, PluginSink>()
    for (const [i] of plan.actions.entries()) {
      const own = sink?.(i)
      if (own !== undefined) sinks.set(i, own)
      if (hosted?.(i) === 'rows') this.#hostedRows.set(i, new ChunkWriter())
    }
    this.#sinks = sinks
    const takesRows = (action: number) =>
      sinks.get(action)?.accepts === 'rows' || this.#hostedRows.has(action)
    const context = contextOf(plan, rowError)
    const give = (action: number, rows: Row[], time: number) => this.#giveRows(action, rows, time)
    this.#rows = new RowActions({ plan, context, takesRows, give })
    this.#channels = channelsOf(plan, context, takesRows)
    const holds = this.#channels.map(({ id, hold }) => [id, hold] as const)
    this.#holds = new Map(
      [...holds, ...this.#rows.holds()].flatMap(([id, hold]) => (hold ? [[id, hold]] : [])),
    )
  }

  push(batch: Batch): void {
    for (const channel of this.#channels) if (!channel.isLate) channel.push(batch)
    this.#rows.push(batch, false)
  }

  /** Whether an action wants late rows. */
  get takesLate(): boolean {
    return this.#takesLate
  }

  /** A late row, for the actions that want those. */
  late(batch: Batch): void {
    for (const channel of this.#channels) if (channel.isLate) channel.push(batch)
    this.#rows.push(batch, true)
  }

  advance(time: number): void {
    for (const hold of this.#holds.values()) hold.advance(time)
  }

  /** When what lingers has to leave, ms since the epoch; `Infinity`: nothing does. */
  wakeAt(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#holds.values()) earliest = Math.min(earliest, dueAt)
    return earliest
  }

  /** What lingers leaves now. */
  flush(): void {
    for (const hold of this.#holds.values()) hold.flush()
  }

  /** What lingers, by name: part of the flow's state. */
  snapshot(isCut = false): ReadonlyMap<string, unknown> {
    const states = new Map<string, unknown>()
    for (const [id, hold] of this.#holds) {
      const state = hold.snapshot(isCut)
      if (state !== undefined) states.set(id, state)
    }
    return states
  }

  /** @returns whether it knows the name */
  restore(id: string, state: unknown): boolean {
    const hold = this.#holds.get(id)
    hold?.restore(state)
    return hold !== undefined
  }

  /** A row error as the sinks get it. */
  error(message: string, time: number): void {
    for (const channel of this.#channels) if (!channel.isLate) channel.error(message, time)
    this.#rows.error(message, time)
  }

  /** What was encoded since the last call, for the host; a plugin's sink gets its payloads here. */
  take(): Emission[] {
    const emissions: Emission[] = []
    for (const channel of this.#channels) {
      for (const chunk of channel.take()) this.#share(chunk, channel.actions, emissions)
    }
    this.#rows.settle()
    for (const [action, writer] of this.#hostedRows) {
      if (writer.isEmpty) continue
      for (const chunk of writer.take()) this.#share(chunk, [action], emissions)
    }
    return emissions
  }

  positions(): readonly number[] {
    return [...this.#positions]
  }

  /** Pending while a plugin's sink has no room. */
  room(): Promise<void> | undefined {
    const full: Promise<void>[] = []
    for (const sink of this.#sinks.values()) {
      const room = sink.room()
      if (room !== undefined) full.push(room)
    }
    return full.length === 0 ? undefined : Promise.all(full).then(() => {})
  }

  /** A buffer is transferred once, so each action but the last gets a copy. */
  #share({ buffer, count }: Chunk, actions: readonly number[], emissions: Emission[]): void {
    for (const [i, action] of actions.entries()) {
      const first = (this.#positions[action] ?? 0) + 1
      this.#positions[action] = first + count - 1
      const sink = this.#sinks.get(action)
      if (sink !== undefined) {
        giveBytes(sink, { buffer, count }, first)
        continue
      }
      const isLast = i === actions.length - 1
      emissions.push({ action, buffer: isLast ? buffer : buffer.slice(0), count, first })
    }
  }

  #giveRows(action: number, rows: Row[], time: number): void {
    const hosted = this.#hostedRows.get(action)
    if (hosted !== undefined) {
      hosted.text(rowPayload(rows), time)
      return
    }
    const sequence = (this.#positions[action] ?? 0) + 1
    this.#positions[action] = sequence
    this.#sinks.get(action)?.takeRows(rows, sequence)
  }
}

function giveBytes(sink: PluginSink, { buffer, count }: Chunk, first: number): void {
  const view = new DataView(buffer)
  let at = 0
  for (let i = 0; i < count; i++) {
    const start = payloadStart(view, at)
    at = start + view.getUint32(at, true)
    sink.takeBytes(new Uint8Array(buffer.slice(start, at)), first + i)
  }
}

function contextOf(plan: Plan, rowError: SinkStageOptions['rowError']): EncoderContext {
  const { output, hidden, keepsNull, emitsBatches, settings } = plan
  const { sendNilField, timeZone } = settings
  return { output, hidden, keepsNull, emitsBatches, sendNilField, timeZone, rowError }
}

/** Actions with equal options share an encoder. */
function channelsOf(
  plan: Plan,
  context: EncoderContext,
  takesRows: (action: number) => boolean,
): Channel[] {
  const byOptions = new Map<string, Channel>()
  for (const [i, { encode }] of plan.actions.entries()) {
    if (takesRows(i)) continue
    const key = stringify(encode)
    const known = byOptions.get(key)
    if (known !== undefined) known.actions.push(i)
    else byOptions.set(key, new Channel(encode, context, i))
  }
  return [...byOptions.values()]
}
