import type { Batch, Output, Row } from '#src/operators/operator.ts'
import type { EncodeOptions, Plan } from '#src/plan/plan.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { Channel } from './encode/channel.ts'
import type { Chunk } from './encode/chunk-writer.ts'
import { payloadStart } from './frame.ts'
import type { PluginSink } from './plugin-sink.ts'
import { RowHold } from './row-hold.ts'

/** Copies rows that a plugin will own: their values may stand in a window's state too. */
const copyOf = structuredClone
const { stringify } = JSON

export interface SinkStageOptions {
  /** Sequence number of the last payload of each action. @default 0 each */
  readonly positions?: readonly number[] | undefined
  readonly sink?: ((action: number) => PluginSink | undefined) | undefined
  /** Told of a row that cannot be encoded. */
  rowError(error: unknown, time: number): void
}

/** An action by its number; `ActionPlan.index` is for the names in the status. */
interface RowAction {
  readonly index: number
  readonly encode: EncodeOptions
  readonly hold: RowHold | undefined
}

/** The end of a flow: encodes what comes out of it for each action, and numbers the payloads. */
export class SinkStage implements Output {
  readonly #channels: readonly Channel[]
  readonly #sinks: ReadonlyMap<number, PluginSink>
  /** Actions whose plugin takes rows. */
  readonly #rowActions: readonly RowAction[]
  readonly #emitsBatches: boolean
  readonly #takesLate: boolean
  /** What lingers, by the name of its state. */
  readonly #holds: ReadonlyMap<string, RowHold>
  readonly #positions: number[]

  constructor(plan: Plan, options: SinkStageOptions) {
    const { positions, sink } = options
    this.#emitsBatches = plan.emitsBatches
    this.#takesLate = plan.actions.some(({ encode }) => encode.lateRows === true)
    this.#positions = plan.actions.map((_, i) => positions?.[i] ?? 0)
    const sinks = new Map<number, PluginSink>()
    for (const [i] of plan.actions.entries()) {
      const own = sink?.(i)
      if (own !== undefined) sinks.set(i, own)
    }
    this.#sinks = sinks
    const takesRows = (action: number) => sinks.get(action)?.accepts === 'rows'
    this.#rowActions = plan.actions
      .map(({ encode }, index) => ({ index, encode, hold: this.#rowHold(index, encode) }))
      .filter(({ index }) => takesRows(index))
    this.#channels = channelsOf(plan, {
      isEncoded: (action) => !takesRows(action),
      rowError: options.rowError,
    })
    const holds = this.#channels.map(({ id, hold }) => [id, hold] as const)
    const rowHolds = this.#rowActions.map(({ index, hold }) => [`rows(${index})`, hold] as const)
    this.#holds = new Map(
      [...holds, ...rowHolds].flatMap(([id, hold]) => (hold ? [[id, hold]] : [])),
    )
  }

  push(batch: Batch): void {
    for (const channel of this.#channels) if (!channel.isLate) channel.push(batch)
    if (this.#rowActions.length > 0) this.#pushRows(batch, false)
  }

  /** Whether an action wants late rows. */
  get takesLate(): boolean {
    return this.#takesLate
  }

  /** A late row, for the actions that want those. */
  late(batch: Batch): void {
    for (const channel of this.#channels) if (channel.isLate) channel.push(batch)
    if (this.#rowActions.length > 0) this.#pushRows(batch, true)
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
  snapshot(): ReadonlyMap<string, unknown> {
    const states = new Map<string, unknown>()
    for (const [id, hold] of this.#holds) {
      const state = hold.snapshot()
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
    for (const { index, encode } of this.#rowActions) {
      if (encode.lateRows !== true) this.#giveRows(index, [{ error: message }])
    }
  }

  /** What was encoded since the last call, for the host; a plugin's sink gets its payloads here. */
  take(): Emission[] {
    const emissions: Emission[] = []
    for (const channel of this.#channels) {
      for (const chunk of channel.take()) this.#share(chunk, channel.actions, emissions)
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

  #rowHold(index: number, { batch }: EncodeOptions): RowHold | undefined {
    const release = (parts: readonly Batch[]) =>
      this.#giveRows(index, copyOf(parts.flatMap(({ rows }) => rows)) as Row[])
    return batch && new RowHold({ ...batch, emitsBatches: this.#emitsBatches, release })
  }

  #pushRows(batch: Batch, late: boolean): void {
    const { rows } = batch
    for (const { index, encode, hold } of this.#rowActions) {
      if ((encode.lateRows === true) !== late) continue
      if (rows.length === 0 && encode.omitIfEmpty) continue
      if (hold !== undefined) hold.add(batch)
      else if (this.#emitsBatches && !encode.sendSingle) {
        this.#giveRows(index, copyOf(rows) as Row[])
      } else {
        for (const row of rows) this.#giveRows(index, [copyOf(row)])
      }
    }
  }

  #giveRows(action: number, rows: Row[]): void {
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

/** Actions with equal options share an encoder. */
function channelsOf(
  plan: Plan,
  options: { isEncoded(action: number): boolean; rowError: SinkStageOptions['rowError'] },
): Channel[] {
  const { output, hidden, keepsNull, emitsBatches, settings } = plan
  const { sendNilField, timeZone } = settings
  const { rowError } = options
  const context = { output, hidden, keepsNull, emitsBatches, sendNilField, timeZone, rowError }
  const byOptions = new Map<string, Channel>()
  for (const [i, { encode }] of plan.actions.entries()) {
    if (!options.isEncoded(i)) continue
    const key = stringify(encode)
    const known = byOptions.get(key)
    if (known !== undefined) known.actions.push(i)
    else byOptions.set(key, new Channel(encode, context, i))
  }
  return [...byOptions.values()]
}
