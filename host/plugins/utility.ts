import { Piscina } from 'piscina'
import { InstallError, type InstallErrorCode, installErrorCodes } from './errors.ts'
import type { Prepared, PrepareRequest } from './prepare.ts'
import type { UtilityAnswer } from './utility-task.ts'

const DEADLINE_MS = 60_000

/** The worker for long synchronous work: unpacking, bundling, digests. Booted at the first request, gone after a minute. */
export class Utility {
  #pool: Piscina | undefined

  async prepare(request: PrepareRequest): Promise<Prepared> {
    this.#pool ??= this.#boot()
    let answer: UtilityAnswer
    try {
      answer = (await this.#pool.run(request, {
        signal: AbortSignal.timeout(DEADLINE_MS),
      })) as UtilityAnswer
    } catch (error) {
      throw new InstallError(
        'bad-plugin',
        `unpacking and bundling did not finish: ${(error as Error).message}`,
        { cause: error },
      )
    }
    if ('ok' in answer) return answer.ok
    const code = installErrorCodes.find(
      (known) => known === (answer.error.code as InstallErrorCode),
    )
    throw new InstallError(code ?? 'bad-plugin', answer.error.message)
  }

  async close(): Promise<void> {
    await this.#pool?.destroy()
    this.#pool = undefined
  }

  #boot(): Piscina {
    const pool = new Piscina({
      filename: new URL('./utility-task.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 60_000,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    pool.on('error', () => {})
    return pool
  }
}
