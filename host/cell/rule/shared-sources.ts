import { RunningSource, type RunningSourceOptions } from './running-source.ts'

interface Shared {
  readonly source: RunningSource
  readonly opened: Promise<void>
  users: number
}

/**
 * The sources that all rules of a tenant on a stream share: one connector, one buffer, a position for each rule. Rules that
 * may lose nothing share one with a spool, apart from those that pay for none.
 */
export class SharedSources {
  readonly #shared = new Map<string, Shared>()
  /** The last life of a stream's source that is still letting go of its connection. */
  readonly #closing = new Map<string, Promise<void>>()

  /** The source of a stream, made for its first rule: that one's properties and qos hold for all. */
  acquire(options: RunningSourceOptions): RunningSource {
    const key = keyOf(options.tenant, options.spec.stream, options.spool !== undefined)
    const known = this.#shared.get(key)
    if (known !== undefined) {
      known.users++
      return known.source
    }
    const source = new RunningSource({ ...options, owner: options.spec.stream })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {})
    this.#shared.set(key, { source, opened: promise, users: 1 })
    // The first rule adds its reader before anything is written: it gets the first tuple too.
    const before = this.#closing.get(key) ?? new Promise<void>((next) => setImmediate(next))
    before.then(() => source.open()).then(resolve, reject)
    return source
  }

  /** Resolves when the source was opened, for whichever rule. */
  async opened(tenant: string, stream: string, isSpooled = false): Promise<void> {
    await this.#shared.get(keyOf(tenant, stream, isSpooled))?.opened
  }

  /** With its last rule goes the source. */
  async release(tenant: string, stream: string, isSpooled = false): Promise<void> {
    const key = keyOf(tenant, stream, isSpooled)
    const shared = this.#shared.get(key)
    if (shared === undefined || --shared.users > 0) return
    this.#shared.delete(key)
    const closing = shared.source.close().finally(() => {
      if (this.#closing.get(key) === closing) this.#closing.delete(key)
    })
    this.#closing.set(key, closing)
    await closing
  }
}

function keyOf(tenant: string, stream: string, isSpooled: boolean): string {
  return JSON.stringify([tenant, stream, isSpooled])
}
