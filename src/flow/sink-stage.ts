import type { Batch, Output, Row } from '#src/operators/operator.ts'
import type { EncodeOptions, Plan } from '#src/plan/plan.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { actionEncoder } from './encode/action-encoder.ts'
import { type Chunk, ChunkWriter } from './encode/chunk-writer.ts'
import type { Encoder } from './encode/encoder.ts'
import { payloadStart } from './frame.ts'
import type { PluginSink } from './plugin-sink.ts'

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

/** Actions that get the same payloads, which are encoded once. */
interface Channel {
  readonly encoder: Encoder
  readonly writer: ChunkWriter
  readonly actions: readonly number[]
}

/** An action by its number; `ActionPlan.index` is for the names in the status. */
interface RowAction {
  readonly index: number
  readonly encode: EncodeOptions
}

/** The end of a flow: encodes what comes out of it for each action, and numbers the payloads. */
export class SinkStage implements Output {
  readonly #channels: readonly Channel[]
  readonly #sinks: ReadonlyMap<number, PluginSink>
  /** Actions whose plugin takes rows. */
  readonly #rowActions: readonly RowAction[]
  readonly #emitsBatches: boolean
  readonly #positions: number[]

  constructor(plan: Plan, options: SinkStageOptions) {
    const { positions, sink } = options
    this.#emitsBatches = plan.emitsBatches
    this.#positions = plan.actions.map((_, i) => positions?.[i] ?? 0)
    const sinks = new Map<number, PluginSink>()
    for (const [i] of plan.actions.entries()) {
      const own = sink?.(i)
      if (own !== undefined) sinks.set(i, own)
    }
    this.#sinks = sinks
    const takesRows = (action: number) => sinks.get(action)?.accepts === 'rows'
    this.#rowActions = plan.actions
      .map(({ encode }, index) => ({ index, encode }))
      .filter(({ index }) => takesRows(index))
    this.#channels = channelsOf(plan, {
      isEncoded: (action) => !takesRows(action),
      rowError: options.rowError,
    })
  }

  push(batch: Batch): void {
    for (const { encoder, writer } of this.#channels) encoder.encode(batch, writer)
    if (this.#rowActions.length > 0) this.#pushRows(batch)
  }

  advance(): void {}

  /** A row error as the sinks get it. */
  error(message: string, time: number): void {
    for (const { writer } of this.#channels) writer.text(stringify({ error: message }), time)
    for (const { index } of this.#rowActions) this.#giveRows(index, [{ error: message }])
  }

  /** What was encoded since the last call, for the host; a plugin's sink gets its payloads here. */
  take(): Emission[] {
    const emissions: Emission[] = []
    for (const { writer, actions } of this.#channels) {
      if (writer.isEmpty) continue
      for (const chunk of writer.take()) this.#share(chunk, actions, emissions)
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

  #pushRows({ rows }: Batch): void {
    for (const { index, encode } of this.#rowActions) {
      if (rows.length === 0 && encode.omitIfEmpty) continue
      if (this.#emitsBatches && !encode.sendSingle) {
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
  const byOptions = new Map<string, { encoder: Encoder; writer: ChunkWriter; actions: number[] }>()
  for (const [i, action] of plan.actions.entries()) {
    if (!options.isEncoded(i)) continue
    const key = stringify(action.encode)
    const known = byOptions.get(key)
    if (known !== undefined) known.actions.push(i)
    else {
      const encoder = actionEncoder(action.encode, context)
      byOptions.set(key, { encoder, writer: new ChunkWriter(), actions: [i] })
    }
  }
  return [...byOptions.values()]
}
