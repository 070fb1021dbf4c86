import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readJson, replaceFile } from './durable-file.ts'
import { Spool, type SpoolOptions } from './spool.ts'

/** Where a rule is in a stream. */
export interface Place {
  /** The last tuple that a checkpoint of it covers. */
  readonly sequence: number
  /** Where it began when it had no checkpoint. */
  readonly start: number
  /** Of the rule, as its definition says. */
  readonly generation: string
  /** In which numbering its sinks count since `start`. */
  readonly numbering: string
}

const FILE = 'places.json'

/** The spool of a stream and where each of its rules is. It is cut at the smallest place. */
export class StreamSpool {
  readonly spool: Spool
  readonly #path: string
  readonly #places: Map<string, Place>
  #isSaving = false
  #isChanged = false
  #saved: Promise<void> = Promise.resolve()

  private constructor(spool: Spool, places: Map<string, Place>) {
    this.spool = spool
    this.#path = join(spool.folder, FILE)
    this.#places = places
  }

  static async open(options: SpoolOptions): Promise<StreamSpool> {
    const spool = await Spool.open(options)
    return new StreamSpool(spool, await readPlaces(options.folder))
  }

  get isUnused(): boolean {
    return this.#places.size === 0
  }

  placeOf(rule: string): Place | undefined {
    return this.#places.get(rule)
  }

  /**
   * From then on nothing behind the place is cut. Resolves when that is safe. What is before all places is cut: the process
   * may have ended between a checkpoint and its cut, and a spool that is full brings no tuple that leads to another one.
   */
  async join(rule: string, place: Place): Promise<void> {
    this.#places.set(rule, place)
    await this.#save()
    this.#cut()
  }

  /** A checkpoint of the rule covers everything up to this tuple. */
  commit(rule: string, sequence: number): void {
    const place = this.#places.get(rule)
    if (place === undefined || sequence <= place.sequence) return
    this.#places.set(rule, { ...place, sequence })
    this.#cut()
    void this.#save().catch(() => {})
  }

  /** The rule is no more. */
  async leave(rule: string): Promise<void> {
    if (!this.#places.delete(rule)) return
    this.#cut()
    await this.#save()
  }

  /** The rule that is furthest behind. */
  slowest(): { readonly rule: string; readonly sequence: number } | undefined {
    let slowest: { readonly rule: string; readonly sequence: number } | undefined
    for (const [rule, { sequence }] of this.#places) {
      if (slowest === undefined || sequence < slowest.sequence) slowest = { rule, sequence }
    }
    return slowest
  }

  /** What is kept because this rule has not covered it with a checkpoint. */
  uncoveredBytes(rule: string): number {
    const place = this.#places.get(rule)
    return place === undefined ? 0 : this.spool.bytesFrom(place.sequence + 1)
  }

  /** With everything that is in it. */
  async remove(): Promise<void> {
    await this.#saved.catch(() => {})
    await this.spool.remove()
  }

  async close(): Promise<void> {
    await this.#saved.catch(() => {})
    await this.spool.close()
  }

  #cut(): void {
    const slowest = this.slowest()
    if (slowest !== undefined) this.spool.cut(slowest.sequence + 1)
  }

  /** One save at a time, and one more for all that has changed meanwhile. */
  #save(): Promise<void> {
    this.#isChanged = true
    if (!this.#isSaving) this.#saved = this.#saveAll()
    return this.#saved
  }

  async #saveAll(): Promise<void> {
    this.#isSaving = true
    try {
      while (this.#isChanged) {
        this.#isChanged = false
        await replaceFile(this.#path, JSON.stringify(Object.fromEntries(this.#places)))
      }
    } finally {
      this.#isSaving = false
    }
  }
}

/** Gives up a rule's place in a spool that is not open. @returns whether any rule is left */
export async function leaveClosed(folder: string, rule: string): Promise<boolean> {
  const places = await readPlaces(folder)
  if (places.delete(rule)) {
    await replaceFile(join(folder, FILE), JSON.stringify(Object.fromEntries(places)))
  }
  if (places.size > 0) return true
  await rm(folder, { recursive: true, force: true })
  return false
}

export async function readPlaces(folder: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  for (const [rule, value] of Object.entries((await readJson(join(folder, FILE))) ?? {})) {
    const { sequence, start, generation, numbering } = Object(value)
    if (typeof sequence !== 'number' || typeof start !== 'number') continue
    places.set(rule, {
      sequence,
      start,
      generation: String(generation),
      numbering: String(numbering),
    })
  }
  return places
}
