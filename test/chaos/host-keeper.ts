import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { HostProcess } from '#test/fixtures/host-process.ts'
import type { Mutant } from './mutants.ts'

const entry = fileURLToPath(new URL('chaos-host.ts', import.meta.url))
const ENOUGH_MS = 60_000

/** The host of a round over all its lives. */
export class HostKeeper {
  readonly #folder: string
  readonly #environment: Record<string, string>
  #host: HostProcess | undefined
  /** One end or beginning at a time. */
  #turn: Promise<void> = Promise.resolve()
  /** Exits in order that were not. */
  readonly faults: string[] = []

  constructor(folder: string, mutant?: Mutant) {
    this.#folder = folder
    this.#environment = {
      PLUTINO_CHAOS: join(folder, 'control.json'),
      PLUTINO__BASIC__GRACEFULSHUTDOWNTIMEOUT: '3s',
      ...(mutant === undefined ? {} : { PLUTINO_MUTANT: mutant }),
    }
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  killAndStart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#host?.kill()
      await this.#start()
    })
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop()
      await this.#start()
    })
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop())
  }

  /** Whatever happened: no process is left. */
  async destroy(): Promise<void> {
    await this.#turn.catch(() => {})
    await this.#host?.kill()
  }

  /** Asked again while the host is away. @throws Error with an answer that is no success */
  async send(method: string, path: string, body?: unknown): Promise<unknown> {
    for (const end = performance.now() + ENOUGH_MS; ; await sleep(50)) {
      try {
        return await this.#host?.send(method, path, body)
      } catch (error) {
        const isAway = error instanceof TypeError || (error as Error).name === 'TimeoutError'
        if (!isAway || performance.now() > end) throw error
      }
    }
  }

  async #stop(): Promise<void> {
    const code = await this.#host?.stop()
    if (code !== 0) this.faults.push(`the host ended with ${code} after SIGTERM`)
  }

  /** A host may not come up while its disk is full. */
  async #start(): Promise<void> {
    for (const end = performance.now() + ENOUGH_MS; ; await sleep(200)) {
      try {
        this.#host = await HostProcess.start(this.#folder, this.#environment, entry)
        return
      } catch (error) {
        if (performance.now() > end) throw error
      }
    }
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.catch(() => {}).then(act)
    this.#turn = done
    return done
  }
}
