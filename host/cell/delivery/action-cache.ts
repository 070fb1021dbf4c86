import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PayloadChunk } from '../connectors/connector.ts'
import type { SpoolOptions } from '../spool/spool.ts'
import { CacheVolume, type Payloads } from './cache-volume.ts'

export interface ActionCacheOptions {
  readonly folder: string
  readonly generation: string
  readonly epoch: number
  /** Payloads and bytes on disk, at most. */
  readonly maxPayloads: number
  readonly maxBytes: number
  readonly pageSize: number
  /** As that of a spool: for tests that make the disk fail. */
  readonly probe?: SpoolOptions['probe']
}

/**
 * What one action could not send yet, on disk, oldest first. A volume holds numbers without a gap; where there is one,
 * because payloads in between were sent at once or the numbering began anew, another volume begins.
 */
export class ActionCache {
  readonly #options: ActionCacheOptions
  readonly #volumes: CacheVolume[] = []
  #nextName = 1
  #dropped = 0
  #missing = 0
  /** The volume and the last number of the page that is under way. */
  #held: { readonly volume: CacheVolume; readonly last: number } | undefined
  /** What is written at the moment: it may look empty and is not. */
  #writing: CacheVolume | undefined
  #isClosed = false

  private constructor(options: ActionCacheOptions) {
    this.#options = options
  }

  static async open(options: ActionCacheOptions): Promise<ActionCache> {
    await mkdir(options.folder, { recursive: true })
    const cache = new ActionCache(options)
    const names = (await readdir(options.folder)).sort()
    for (const name of names) {
      const number = Number.parseInt(name, 10)
      if (Number.isNaN(number)) continue
      cache.#nextName = Math.max(cache.#nextName, number + 1)
      const volume = await CacheVolume.recover(cache.#volumeOptions(name))
      if (volume !== undefined) cache.#volumes.push(volume)
    }
    return cache
  }

  get payloads(): number {
    let payloads = 0
    for (const volume of this.#volumes) payloads += volume.payloads
    return payloads
  }

  get bytes(): number {
    let bytes = 0
    for (const volume of this.#volumes) bytes += volume.bytes
    return bytes
  }

  get isEmpty(): boolean {
    return this.#volumes.every((volume) => volume.payloads === 0)
  }

  get isFull(): boolean {
    return this.payloads >= this.#options.maxPayloads || this.bytes >= this.#options.maxBytes
  }

  /** Given up to make room. */
  get dropped(): number {
    return this.#dropped
  }

  /** Damaged on disk. */
  get missing(): number {
    return this.#volumes.reduce((sum, { missing }) => sum + missing, this.#missing)
  }

  /** Why nothing can be written at the moment. */
  get fault(): string | undefined {
    return this.#volumes.at(-1)?.fault
  }

  /** The last number of the current numbering that is here; 0: none. */
  get last(): number {
    const { generation } = this.#options
    return Math.max(
      0,
      ...this.#volumes.filter((volume) => volume.generation === generation).map(({ last }) => last),
    )
  }

  /** Resolves when they survive the end of the process. One call after the other. */
  async append(group: readonly Payloads[]): Promise<void> {
    const [first] = group
    if (first === undefined) return
    const { generation, epoch } = this.#options
    let volume = this.#volumes.at(-1)
    if (volume?.generation !== generation || volume.last + 1 !== first.first) {
      const name = String(this.#nextName++).padStart(8, '0')
      const about = { generation, epoch }
      volume = await CacheVolume.create(this.#volumeOptions(name), about, first.first)
      this.#volumes.push(volume)
    }
    this.#writing = volume
    try {
      await volume.append(group)
    } finally {
      this.#writing = undefined
    }
  }

  /** The oldest payloads; the same ones until `sent`. */
  async page(): Promise<PayloadChunk | undefined> {
    for (const volume of [...this.#volumes]) {
      const page = volume.payloads > 0 ? await volume.page(this.#options.pageSize) : undefined
      if (page === undefined) {
        await this.#sweep(volume)
        continue
      }
      this.#held = { volume, last: page.first + page.count - 1 }
      return page
    }
    return undefined
  }

  /** Of the last page, `count` payloads are dealt with; the rest is not under way any more. */
  async sent(page: PayloadChunk, count: number): Promise<void> {
    const held = this.#held
    this.#held = undefined
    if (held === undefined) return
    await held.volume.sentTo(page.first + count - 1)
    await this.#sweep(held.volume)
  }

  /** Payloads of the current numbering up to `sequence` were sent on another way. */
  async sentTo(sequence: number): Promise<void> {
    const volume = this.#volumes.at(-1)
    if (volume === undefined || volume.generation !== this.#options.generation) return
    await volume.sentTo(sequence)
    await this.#sweep(volume)
  }

  /** Gives up as many of the oldest as have to go for `payloads` to fit. */
  makeRoom(payloads: number): number {
    const { maxPayloads, maxBytes, pageSize } = this.#options
    let dropped = 0
    for (const volume of this.#volumes) {
      const held = this.#held?.volume === volume ? this.#held.last : 0
      for (;;) {
        const over = this.payloads + payloads - maxPayloads
        const wanted = this.bytes >= maxBytes ? Math.max(over, pageSize) : over
        const skipped = wanted > 0 ? volume.skip(Math.ceil(wanted / pageSize) * pageSize, held) : 0
        if (skipped === 0) break
        dropped += skipped
      }
    }
    this.#dropped += dropped
    return dropped
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#volumes.map((volume) => volume.close()))
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.#options.folder, { recursive: true, force: true })
  }

  /** A volume that is through goes, the last one too: the next payload begins another. */
  async #sweep(volume: CacheVolume): Promise<void> {
    if (volume.payloads > 0 || volume === this.#writing || this.#isClosed) return
    const index = this.#volumes.indexOf(volume)
    if (index < 0) return
    this.#volumes.splice(index, 1)
    this.#missing += volume.missing
    await volume.remove()
  }

  #volumeOptions(name: string) {
    const { folder, maxBytes, probe } = this.#options
    return { folder: join(folder, name), limitBytes: maxBytes, probe }
  }
}
