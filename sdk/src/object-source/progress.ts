import type { State } from '../context.ts'
import type { DistributionType } from './distribution.ts'
import { EndLog, endHash, type LogRange, readEnds } from './end-log.ts'
import { ObjectSourceError } from './errors.ts'
import type { Floor } from './floor.ts'
import type { OffsetStorageReader } from './offset-manager.ts'
import { mapKey, type OffsetMap, type PackedMap, packMap, unpackMap } from './offset-map.ts'
import { RecentEnds, unpackEnds } from './recent-ends.ts'
import type { ObjectEnd, SourceRecord } from './record.ts'

/** What a checkpoint has of one instance: JSON, and small, since it travels with every row. */
export interface Position {
  readonly v: 1
  readonly by: DistributionType
  readonly of: number
  readonly task: number
  /** Where listing starts. */
  readonly startAfter?: string | undefined
  /** Where in the state the ends of the objects behind `startAfter` are; the last one is the instance's own. */
  readonly logs: readonly LogRange[]
  /** The last ends once more: the state of a checkpoint may be older than an offset that was kept with its row. */
  readonly recent?: string | undefined
  readonly floors?: readonly Floor[] | undefined
  /** Of objects that are not at their end: where they are, how far in. */
  readonly partial: readonly PackedEntry[]
  /**
   * The same, as other instances left it when there was another number of them. Most of it is read on by others by now:
   * what stands in the `partial` of any instance is newer.
   */
  readonly inherited?: readonly PackedEntry[] | undefined
}

type PackedEntry = readonly [PackedMap, PackedMap]

/** Where an iterator over objects goes on. */
export interface ResumePoint {
  readonly startAfter?: string | undefined
  /** Of some objects behind it that are finished: the hashes of keys and versions. */
  readonly finished: ReadonlySet<string>
  readonly floors: readonly Floor[]
}

export interface ProgressOptions {
  readonly state: Pick<State, 'getState' | 'putState' | 'deleteState'>
  /** Apart from other sources of the same plugin in the rule. */
  readonly prefix: string
  readonly by: DistributionType
  readonly of: number
  readonly task: number
  readonly ringBufferSize: number
  warn(text: string): void
}

/** A record is kept in place of its offset, which it makes only when it is asked for it. */
interface Slot {
  readonly partition: OffsetMap
  at: Pick<SourceRecord, 'sourceOffset'>
  readonly isInherited?: boolean | undefined
}

/** How far the rule has taken what the source brought: follows acceptance, never what was only read. */
export class Progress implements OffsetStorageReader {
  readonly resume: ResumePoint
  readonly #options: ProgressOptions
  readonly #log: EndLog
  readonly #recent: RecentEnds
  readonly #partial = new Map<string, Slot>()
  #slot: Slot | undefined
  #startAfter: string | undefined
  #floors: readonly Floor[]
  /** Of an earlier life, wanted until a whole listing has found again what is in them. */
  #oldLogs: readonly LogRange[]
  #from: number

  /**
   * @param positions of an earlier life: of this instance, or of all when their number was another
   * @param passed some of those before, which are newer than the state
   */
  constructor(
    options: ProgressOptions,
    positions: readonly Position[] = [],
    passed: readonly Position[] = [],
  ) {
    this.#options = options
    const { state, prefix, by, of, task } = options
    const id = `${task}-${of}`
    const own = positions.find((p) => p.by === by && p.of === of && p.task === task)
    const isSame = positions.length === 1 && own !== undefined
    this.#oldLogs = distinct(positions.flatMap(({ logs }) => logs))
    // Behind what is still wanted of an earlier log of the same name.
    const wanted = this.#oldLogs.filter((log) => log.id === id).map(({ to }) => to)
    this.#log = new EndLog(state, prefix, id, Math.max(0, ...wanted))
    this.#from = this.#log.to
    this.#recent = new RecentEnds(positions.map(({ recent }) => recent ?? '').join(''))
    const floors = positions.map(floorsOf)
    this.#floors = isSame ? (own.floors ?? []) : distinct(floors.flat())
    this.#startAfter = isSame ? own.startAfter : undefined
    // In this order: what an instance had in hand itself wins over what it only carried along for others.
    this.#restore(
      positions.flatMap(({ inherited = [] }) => inherited),
      true,
    )
    this.#restore(
      positions.flatMap(({ partial }) => partial),
      !isSame,
    )
    this.resume = {
      startAfter: this.#startAfter,
      finished: this.#readOld(passed),
      floors: this.#floors,
    }
  }

  /** What a checkpoint would have now. */
  position(): Position {
    const { by, of, task } = this.#options
    const own = { id: this.#log.id, from: this.#from, to: this.#log.to }
    const slots = [...this.#partial.values()]
    const inherited = slots.filter((slot) => slot.isInherited)
    return {
      v: 1,
      by,
      of,
      task,
      startAfter: this.#startAfter,
      logs: [...this.#oldLogs, own],
      recent: this.#recent.packed,
      floors: this.#floors.length === 0 ? undefined : this.#floors,
      partial: slots.filter((slot) => !slot.isInherited).map(packSlot),
      inherited: inherited.length === 0 ? undefined : inherited.map(packSlot),
    }
  }

  /** The record is about to be handed over. */
  accept(record: SourceRecord): void {
    this.#recent.countRecord()
    this.join(record)
  }

  /** It is handed over together with the one before it. */
  join(record: SourceRecord): void {
    const { sourcePartition } = record
    if (this.#slot?.partition === sourcePartition) {
      this.#slot.at = record
      return
    }
    const slot = { partition: sourcePartition, at: record }
    this.#partial.set(mapKey(sourcePartition), slot)
    this.#slot = slot
  }

  /** All records of the object were handed over. */
  end({ sourcePartition, key, version, startAfter, floors }: ObjectEnd): void {
    const hadRecords = this.#partial.delete(mapKey(sourcePartition))
    this.#slot = undefined
    const hash = endHash(key, version)
    this.#log.append(hash)
    // Without records it does no harm when it is read again, and would take the place of one that has some.
    if (hadRecords) this.#recent.add(hash)
    this.#from = Math.max(this.#from, this.#log.to - Math.max(1, this.#options.ringBufferSize))
    this.#log.cut(this.#from)
    if (startAfter !== undefined) this.#startAfter = startAfter
    if (floors !== undefined) this.#floors = floors
  }

  /**
   * A whole listing was read: what was finished in an earlier life, and is still there, came to its end again; and what
   * was half read, and is this instance's to read on, was in hand.
   */
  settle(): void {
    this.#oldLogs = []
    this.#recent.settle()
    for (const [key, slot] of this.#partial) if (slot.isInherited) this.#partial.delete(key)
  }

  /** Before the thread may do anything else, after some of the above. */
  flush(): void {
    this.#log.flush()
  }

  offset(partition: OffsetMap): OffsetMap | undefined {
    return this.#partial.get(mapKey(partition))?.at.sourceOffset
  }

  offsets(partitions: readonly OffsetMap[]): readonly (OffsetMap | undefined)[] {
    return partitions.map((partition) => this.offset(partition))
  }

  #restore(entries: readonly PackedEntry[], isInherited: boolean): void {
    for (const [place, offset] of entries) {
      const partition = unpackMap(place)
      const at = { sourceOffset: unpackMap(offset) }
      this.#partial.set(mapKey(partition), { partition, at, isInherited })
    }
  }

  #readOld(passed: readonly Position[]): ReadonlySet<string> {
    const { state, prefix, warn } = this.#options
    const newer = new Set(unpackEnds(this.#recent.packed))
    for (const { recent } of passed) for (const hash of unpackEnds(recent)) newer.add(hash)
    let finished: ReadonlySet<string> = new Set()
    let missing = 0
    for (const range of this.#oldLogs) {
      const found = readEnds(state, prefix, range)
      finished = finished.union(found.hashes)
      missing += found.missing
    }
    const unlogged = newer.difference(finished)
    this.#keep(unlogged)
    // What is missing is what was finished last: a state is older than an offset, never the other way round.
    if (missing > unlogged.size)
      warn('what was finished is not fully known any more; some objects are read again')
    return finished.union(unlogged)
  }

  /** What the state did not know of is in the next one, for the life after this. */
  #keep(ends: ReadonlySet<string>): void {
    if (ends.size === 0) return
    const { state, prefix } = this.#options
    const id = `${this.#log.id}+`
    const from = Math.max(0, ...this.#oldLogs.filter((log) => log.id === id).map(({ to }) => to))
    const log = new EndLog(state, prefix, id, from)
    for (const hash of ends) log.append(hash)
    log.flush()
    this.#oldLogs = [...this.#oldLogs, { id, from, to: log.to }]
  }
}

function packSlot({ partition, at }: Slot): PackedEntry {
  return [packMap(partition), packMap(at.sourceOffset)]
}

/** Instances that took over from the same ones carry the same. */
function distinct<T>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
}

/** An instance that had no start behind which all is finished gives no floor of its own. */
function floorsOf({ by, of, task, startAfter, floors = [] }: Position): readonly Floor[] {
  return startAfter === undefined ? floors : [...floors, { by, of, task, after: startAfter }]
}

/**
 * Those of an instance that has brought nothing since it took over from several are older than those of others, and so
 * come first.
 *
 * @throws ObjectSourceError `state` for an offset that this layer did not make
 */
export function positionsOf(offset: unknown): readonly Position[] {
  const all: readonly unknown[] = Array.isArray(offset) ? offset : [offset]
  const taken = all.filter(Array.isArray).flat()
  const own = all.filter((each) => !Array.isArray(each))
  return [...taken, ...own].filter((each) => each !== undefined && each !== null).map(positionOf)
}

function positionOf(offset: unknown): Position {
  const found = offset as Partial<Position>
  if (found.v === 1 && Array.isArray(found.partial) && Array.isArray(found.logs)) {
    return found as Position
  }
  throw new ObjectSourceError(
    'state',
    `rewind: an offset of version 1 of an object source is wanted, not ${JSON.stringify(offset)?.slice(0, 100)}`,
  )
}
