import type { Buffer } from 'node:buffer'
import { deserialize } from 'node:v8'
import { ENCODING_FORMAT, ENCODING_V8, FLAG_ENCODING } from '#src/flow/frame.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import { caseIgnorer } from './any-case.ts'
import { BinaryDecoder } from './binary.ts'
import { utf8Text } from './bytes.ts'
import type { Decoded, Decoder } from './decoder.ts'
import { DelimitedDecoder } from './delimited.ts'
import { parseExact } from './exact.ts'
import { JsonDecoder } from './json-decoder.ts'
import { NestedDecoder } from './nested-decoder.ts'
import { NestedPayload } from './nested-payload.ts'
import { innerPlan, outerPlan } from './nested-plan.ts'
import { rowLayout } from './row-layout.ts'
import type { RowSlot } from './row-slot.ts'
import { SlotDecoder } from './slot-decoder.ts'

export interface DecodeOptions {
  /** The rule's, for texts in DATETIME columns. */
  readonly timeZone: string
}

/** The decoder of a source: by the stream's FORMAT, by JSON or by v8 deserialization, as the frame's flags say. */
export function sourceDecoder(source: SourcePlan, { timeZone }: DecodeOptions): Decoder {
  const { payload, anyCase } = source
  const nested = nestedPayload(source, { timeZone })
  if (payload === undefined || nested === undefined) return new SourceDecoder(source, timeZone)
  return new NestedDecoder({
    payload,
    outer: new SourceDecoder(outerPlan(source, payload), timeZone),
    nested,
    layout: rowLayout(source, timeZone),
    respelt: anyCase && caseIgnorer([...anyCase, payload.field]),
  })
}

/** What decodes the payload in a field of a source's rows; `undefined`: there is none. */
export function nestedPayload(
  source: SourcePlan,
  { timeZone }: DecodeOptions,
): NestedPayload | undefined {
  const { payload } = source
  if (payload === undefined) return undefined
  return new NestedPayload(payload.field, new SourceDecoder(innerPlan(source, payload), timeZone))
}

interface FormatDecoder {
  decode(bytes: Buffer, view: DataView, start: number, end: number): Decoded
}

function anyCaseJson(slot: RowSlot, respelt: (value: unknown) => unknown): FormatDecoder {
  return {
    decode(bytes, _view, start, end) {
      try {
        return slot.accept(respelt(parseExact(utf8Text(bytes, start, end))))
      } catch (error) {
        return slot.fail(`payload is not JSON: ${(error as Error).message}`)
      }
    },
  }
}

class SourceDecoder extends SlotDecoder {
  readonly #json: FormatDecoder
  readonly #respelt: ((value: unknown) => unknown) | undefined
  readonly #format: FormatDecoder

  constructor(source: SourcePlan, timeZone: string) {
    const layout = rowLayout(source, timeZone)
    super(layout)
    this.#respelt = source.anyCase && caseIgnorer(source.anyCase)
    this.#json =
      this.#respelt === undefined
        ? new JsonDecoder(layout, this.slot)
        : anyCaseJson(this.slot, this.#respelt)
    this.#format = this.#formatOf(source)
  }

  #formatOf(source: SourcePlan): FormatDecoder {
    switch (source.format) {
      case 'json':
        return this.#json
      case 'binary':
        return new BinaryDecoder(source, this.slot)
      case 'delimited':
        return new DelimitedDecoder(source, this.slot)
      default:
        return source.format satisfies never
    }
  }

  override decode(
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
    flags: number,
  ): Decoded {
    const encoding = flags & FLAG_ENCODING
    if (encoding === ENCODING_FORMAT) return this.#format.decode(bytes, view, start, end)
    if (encoding === ENCODING_V8) return this.#deserialize(bytes, start, end)
    return this.#json.decode(bytes, view, start, end)
  }

  #deserialize(bytes: Buffer, start: number, end: number): Decoded {
    let value: unknown
    try {
      value = deserialize(bytes.subarray(start, end))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return this.slot.fail(`payload is not a serialized row: ${reason}`)
    }
    return this.slot.accept(this.#respelt === undefined ? value : this.#respelt(value))
  }
}
