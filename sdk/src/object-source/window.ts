import { taskFor } from './distribution.ts'
import { endHash } from './end-log.ts'
import type { Floor } from './floor.ts'
import type { ObjectContext } from './object-context.ts'
import type { ResumePoint } from './progress.ts'
import type { ObjectEnd } from './record.ts'
import { RingBuffer } from './ring-buffer.ts'

export interface WindowOptions<K> {
  readonly resume: ResumePoint
  readonly ringBufferSize: number
  readonly nativeStartKey: K | undefined
  compareKeys(a: K, b: K): number
  parseNativeKey(text: string): K
}

/**
 * Which objects need no look any more: those at or before the start, and the last so many that were finished. The start
 * is the oldest of these once there are enough, and never moves back: what comes late is noticed while it sorts behind.
 */
export class Window<K> {
  readonly #options: WindowOptions<K>
  readonly #ring: RingBuffer<string>
  readonly #keys = new Map<string, K>()
  #start: K | undefined
  /** Finished in an earlier life; which they are shows when they are listed. */
  #restored: Set<string>
  #floors: readonly Floor[]

  constructor(options: WindowOptions<K>) {
    const { resume, ringBufferSize, nativeStartKey, parseNativeKey } = options
    this.#options = options
    this.#ring = new RingBuffer(Math.max(1, ringBufferSize))
    this.#restored = new Set(resume.finished)
    this.#floors = resume.floors
    this.#start =
      resume.startAfter === undefined ? nativeStartKey : parseNativeKey(resume.startAfter)
  }

  /** Listing starts behind it. */
  get start(): K | undefined {
    return this.#start
  }

  isBehindStart(key: K): boolean {
    return this.#start === undefined || this.#options.compareKeys(key, this.#start) > 0
  }

  isFinished(key: K, version: string | undefined, context: ObjectContext): boolean {
    if (this.#keys.has(endHash(String(key), version))) return true
    return this.#floors.some((floor) => this.#isUnder(floor, key, context))
  }

  /** Whether it was finished in an earlier life. */
  isRestored(key: K, version: string | undefined): boolean {
    return this.#restored.has(endHash(String(key), version))
  }

  /** As `isRestored`; asked once, since it is to be finished again now. */
  takeRestored(key: K, version: string | undefined): boolean {
    return this.#restored.delete(endHash(String(key), version))
  }

  /** The object is at its end. @returns what the table of progress has to know */
  finish(
    key: K,
    version: string | undefined,
  ): Pick<ObjectEnd, 'key' | 'version' | 'startAfter' | 'floors'> {
    const text = String(key)
    const hash = endHash(text, version)
    const ejected = this.#ring.add(hash)
    this.#keys.set(hash, key)
    if (ejected !== undefined) this.#keys.delete(ejected)
    const oldest = this.#ring.nextEjected
    const candidate = oldest === undefined ? undefined : this.#keys.get(oldest)
    const moves = candidate !== undefined && this.isBehindStart(candidate)
    if (moves) this.#start = candidate
    return {
      key: text,
      version,
      startAfter: moves ? String(candidate) : undefined,
      floors: moves ? this.#prunedFloors() : undefined,
    }
  }

  /** A whole listing was read: what of the earlier life was not in it is gone. */
  settle(): void {
    this.#restored = new Set()
  }

  #isUnder({ by, of, task, after }: Floor, key: K, context: ObjectContext): boolean {
    const { compareKeys, parseNativeKey } = this.#options
    return taskFor(by, of, context) === task && compareKeys(key, parseNativeKey(after)) <= 0
  }

  #prunedFloors(): readonly Floor[] | undefined {
    if (this.#floors.length === 0) return undefined
    const { parseNativeKey } = this.#options
    this.#floors = this.#floors.filter(({ after }) => this.isBehindStart(parseNativeKey(after)))
    return this.#floors
  }
}
