import type { RuleSpec, StoredCheckpoint } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import type { SpoolKey } from '../spool/spool-index.ts'
import type { SpoolRoom, SpoolSizes } from '../spool/spool-room.ts'
import type { StreamSpool } from '../spool/stream-spool.ts'
import { goesByArrival } from './arrival.ts'
import { generationOf } from './generation.ts'
import { goesBack, isShared } from './going-back.ts'

type SourceTypes = ReadonlyMap<string, ConnectorType<SourceConnector>>

interface Held {
  readonly key: SpoolKey
  readonly stream: StreamSpool
  /** The last tuple that needs not come again when the rule starts. */
  readonly after: number
}

/** The spools of one rule: of those of its sources that cannot bring again what they brought. */
export class RuleSpools {
  readonly hostId: string | undefined
  /** In which numbering the payloads of this start count. */
  readonly generation: string
  readonly #room: SpoolRoom | undefined
  readonly #rule: string
  /** By source. */
  readonly #held: readonly (Held | undefined)[]

  private constructor(
    rule: string,
    room: SpoolRoom | undefined,
    held: readonly (Held | undefined)[],
    { generation, hostId }: { readonly generation: string; readonly hostId: string | undefined },
  ) {
    this.#rule = rule
    this.#room = room
    this.#held = held
    this.generation = generation
    this.hostId = hostId
  }

  /** Opens them, and holds the rule's place in each: nothing behind it is cut from then on. */
  static async open(
    rule: RuleSpec,
    types: SourceTypes,
    room: SpoolRoom | undefined,
  ): Promise<RuleSpools> {
    const generation = generationOf(rule, types)
    if (room === undefined || rule.options.qos === 0) {
      await room?.forget(rule.tenant, rule.rule)
      return new RuleSpools(rule.rule, undefined, [], { generation, hostId: undefined })
    }
    const taken: SpoolKey[] = []
    try {
      const streams: (StreamSpool | undefined)[] = []
      for (const [index, spec] of rule.sources.entries()) {
        if (!needsSpool(rule, index, types)) {
          streams.push(undefined)
          continue
        }
        const key = spoolKeyOf(rule, index)
        const covered = rule.checkpoint?.sources[index]?.sequence ?? 0
        const limitBytes = spec.spoolLimit
        const source = types.get(spec.type)?.create().isLocal === true ? spec : undefined
        const sizes = { limitBytes, firstSequence: covered + 1, source }
        const stream = await room.acquire(key, sizes)
        taken.push(key)
        streams.push(
          isOfOther(rule, index, stream, types) ? await renew(room, rule, key, sizes) : stream,
        )
      }
      const known = numberingOf(rule, streams, types) ?? generation
      const held = await Promise.all(
        streams.map((stream, index) => stream && hold(rule, index, stream, known)),
      )
      await Promise.all(taken.map((key) => room.joined(key, rule.rule)))
      // What an earlier definition of the rule has read it needs no more.
      await room.forget(rule.tenant, rule.rule, taken)
      const hostId = await room.hostId()
      return new RuleSpools(rule.rule, room, held, { generation: known, hostId })
    } catch (error) {
      await Promise.all(taken.map((key) => room.release(key)))
      throw error
    }
  }

  spoolOf(index: number): StreamSpool | undefined {
    return this.#held[index]?.stream
  }

  /** After which tuple a source with a spool is read. */
  after(index: number, checkpoint: StoredCheckpoint | undefined): number | undefined {
    const held = this.#held[index]
    return held && Math.max(held.after, checkpoint?.sources[index]?.sequence ?? 0)
  }

  committed(checkpoint: StoredCheckpoint): void {
    for (const [index, held] of this.#held.entries()) {
      held?.stream.commit(this.#rule, checkpoint.sources[index]?.sequence ?? 0)
    }
  }

  /** So much of its limit that a checkpoint is due: half of it is not covered by one. */
  get wantsCheckpoint(): boolean {
    return this.#held.some(
      (held) => held && held.stream.uncoveredBytes(this.#rule) * 2 > held.stream.spool.limitBytes,
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#held.map((held) => held && this.#room?.release(held.key)))
  }
}

/**
 * A source that goes back by itself needs none, unless others read it too, or the arrival times matter, which it does not
 * bring again.
 */
export function needsSpool(rule: RuleSpec, index: number, types: SourceTypes): boolean {
  const { sources, plan } = rule
  const spec = sources[index]
  // A lookup table gives no rows of its own.
  if (plan.sources[index]?.kind === 'lookup') return false
  if (spec !== undefined && isShared(rule, spec, index)) return true
  if (!goesBack(rule, index, types)) return true
  return plan.sources[index]?.kind === 'stream' && goesByArrival(plan)
}

/** The state of the rule was reset or replaced: its source begins where that says, and not behind what its spool has. */
function isOfOther(
  rule: RuleSpec,
  index: number,
  stream: StreamSpool,
  types: SourceTypes,
): boolean {
  const spec = rule.sources[index]
  if (spec === undefined || isShared(rule, spec, index) || !goesBack(rule, index, types))
    return false
  const place = stream.placeOf(rule.rule)
  return place !== undefined && place.generation !== rule.generation
}

async function renew(
  room: SpoolRoom,
  { tenant, rule, sources }: RuleSpec,
  key: SpoolKey,
  sizes: SpoolSizes,
): Promise<StreamSpool> {
  const others = sources.flatMap(({ stream, shared }, index) =>
    index === key.index
      ? []
      : [{ tenant, rule: shared ? '' : rule, stream, index: shared ? 0 : index }],
  )
  await room.release(key)
  await room.forget(tenant, rule, others)
  return room.acquire(key, sizes)
}

function spoolKeyOf(rule: RuleSpec, index: number): SpoolKey {
  const { tenant, sources } = rule
  const spec = sources[index]
  const stream = spec?.stream ?? ''
  return spec !== undefined && isShared(rule, spec, index)
    ? { tenant, rule: '', stream, index: 0 }
    : { tenant, rule: rule.rule, stream, index }
}

async function hold(
  spec: RuleSpec,
  index: number,
  stream: StreamSpool,
  numbering: string,
): Promise<Held> {
  const { rule, checkpoint, generation } = spec
  const { spool } = stream
  const key = spoolKeyOf(spec, index)
  const known = stream.placeOf(rule)
  const covered = checkpoint?.sources[index]?.sequence
  const isNew = known === undefined && covered === undefined
  const first = isNew && key.rule !== '' ? spool.first - 1 : spool.next - 1
  const wanted = isNew ? first : Math.max(known?.sequence ?? 0, covered ?? 0)
  const after = Math.min(wanted, spool.next - 1)
  // Without a checkpoint it counts its payloads from here, unless it goes on with a numbering that began elsewhere.
  const isAnew = checkpoint === undefined && known?.numbering !== numbering
  const start = isAnew ? after : (known?.start ?? -1)
  await stream.join(rule, { sequence: after, start, generation, numbering })
  return { key, stream, after }
}

/**
 * A rule that has never committed reads everything again that it ever read: its payloads keep their numbers. `undefined`:
 * that is not so.
 */
function numberingOf(
  spec: RuleSpec,
  streams: readonly (StreamSpool | undefined)[],
  types: SourceTypes,
): string | undefined {
  const { rule, checkpoint, generation, plan } = spec
  if (checkpoint !== undefined) return undefined
  let numbering: string | undefined
  for (const [index, stream] of streams.entries()) {
    if (stream === undefined) {
      const isTable = plan.sources[index]?.kind === 'lookup'
      if (!isTable && !goesBack(spec, index, types)) return undefined
      continue
    }
    const place = stream.placeOf(rule)
    if (place === undefined || place.generation !== generation) return undefined
    if (place.sequence !== place.start) return undefined
    if (numbering !== undefined && numbering !== place.numbering) return undefined
    numbering = place.numbering
  }
  return numbering
}
