import { Buffer } from 'node:buffer'
import type { Batch, Row } from '#src/operators/operator.ts'
import type { EncodeOptions, Plan } from '#src/plan/plan.ts'
import { Channel } from './encode/channel.ts'
import type { EncoderContext } from './encode/encoder.ts'
import { payloadStart } from './frame.ts'
import { RowHold } from './row-hold.ts'
import { jsonRows, rowShape } from './row-shape.ts'

/** Copies rows that a plugin will own: their values may stand in a window's state too. */
const copyOf = structuredClone

export interface RowActionsOptions {
  readonly plan: Plan
  readonly context: EncoderContext
  takesRows(action: number): boolean
  /** An emission of an action: the array and its rows are copies. */
  give(action: number, rows: Row[], time: number): void
}

interface RowAction {
  readonly index: number
  readonly encode: EncodeOptions
  readonly shape: ((row: Row) => Row) | undefined
  readonly hold: RowHold | undefined
  /** What a template or a field makes is JSON, of which rows are made again. */
  readonly channel: Channel | undefined
}

/** The actions whose plugin takes rows: what they get of each emission. */
export class RowActions {
  readonly #actions: readonly RowAction[]
  readonly #options: RowActionsOptions

  constructor(options: RowActionsOptions) {
    this.#options = options
    this.#actions = options.plan.actions.flatMap(({ encode }, index) =>
      options.takesRows(index) ? [this.#action(index, encode)] : [],
    )
  }

  /** What lingers, by the name of its state. */
  holds(): readonly (readonly [string, RowHold])[] {
    return this.#actions.flatMap(({ index, hold, channel }) => {
      const own = hold ?? channel?.hold
      return own === undefined ? [] : [[`rows(${index})`, own] as const]
    })
  }

  /** @param late rows behind the watermark, for the actions that want those */
  push(batch: Batch, late: boolean): void {
    for (const action of this.#actions) {
      const { encode, hold, channel } = action
      if ((encode.lateRows === true) !== late) continue
      if (channel !== undefined) channel.push(batch)
      else if (batch.rows.length === 0 && encode.omitIfEmpty) continue
      else if (hold !== undefined) hold.add(batch)
      else this.#emit(action, batch)
    }
  }

  /** A row error as the sinks get it. */
  error(message: string, time: number): void {
    for (const { index, encode, channel } of this.#actions) {
      if (encode.lateRows === true) continue
      if (channel !== undefined) channel.error(message, time)
      else this.#options.give(index, [{ error: message }], time)
    }
  }

  /** Gives what was made by way of JSON since the last call. */
  settle(): void {
    for (const { index, channel } of this.#actions) {
      for (const { buffer, count } of channel?.take() ?? []) {
        const view = new DataView(buffer)
        const bytes = Buffer.from(buffer)
        for (let i = 0, at = 0; i < count; i++) {
          const start = payloadStart(view, at)
          const time = view.getFloat64(at + 8, true)
          at = start + view.getUint32(at, true)
          this.#giveJson(index, bytes.toString('utf8', start, at), time)
        }
      }
    }
  }

  #action(index: number, encode: EncodeOptions): RowAction {
    const { plan, context } = this.#options
    const isMade = encode.template !== undefined || encode.dataField !== undefined
    if (isMade) {
      const asJson = { ...encode, format: 'json' as const, compression: undefined }
      const channel = new Channel(asJson, context, index)
      return { index, encode, shape: undefined, hold: undefined, channel }
    }
    const shape = rowShape(encode, plan.hidden)
    const { emitsBatches } = plan
    const release = (parts: readonly Batch[]) => {
      const rows = parts.flatMap((part) => part.rows)
      this.#give(action, rows, timeOf(parts.at(-1)))
    }
    const hold = encode.batch && new RowHold({ ...encode.batch, emitsBatches, release })
    const action: RowAction = { index, encode, shape, hold, channel: undefined }
    return action
  }

  #emit(action: RowAction, batch: Batch): void {
    const { rows, times } = batch
    if (this.#options.context.emitsBatches && !action.encode.sendSingle) {
      this.#give(action, rows, timeOf(batch))
      return
    }
    for (const [i, row] of rows.entries()) this.#give(action, [row], times[i] as number)
  }

  #give({ index, encode, shape }: RowAction, rows: readonly Row[], time: number): void {
    const shaped = shape === undefined ? rows : rows.map(shape)
    if (encode.omitIfEmpty && shaped.every((row) => Object.keys(row).length === 0)) return
    this.#options.give(index, copyOf(shaped) as Row[], time)
  }

  #giveJson(index: number, text: string, time: number): void {
    try {
      this.#options.give(index, jsonRows(text), time)
    } catch (error) {
      this.#options.context.rowError(error, time)
    }
  }
}

function timeOf(batch: Batch | undefined): number {
  return batch?.times.at(-1) ?? batch?.empty?.time ?? 0
}
