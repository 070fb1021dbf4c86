import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { InstallError, type InstallErrorCode, installErrorCodes } from './errors.ts'
import type { Prepared, PrepareRequest } from './prepare.ts'
import { checkGoesOn, type InstallRun, type InstallStep } from './progress.ts'
import type { UtilityAnswer, UtilityTask } from './utility-task.ts'

const DEADLINE_MS = 60_000

/** The worker for long synchronous work: unpacking, bundling, digests. Booted at the first request, gone after a minute. */
export class Utility {
  #pool: Piscina | undefined

  /** @param run told `checked` and `bundled`; where it is called off the thread is ended */
  async prepare(request: PrepareRequest, run: InstallRun = {}): Promise<Prepared> {
    checkGoesOn(run.signal)
    this.#pool ??= this.#boot()
    let answer: UtilityAnswer
    const { port1, port2 } = new MessageChannel()
    port1.on('message', (step: InstallStep) => run.progress?.({ step }))
    const late = AbortSignal.timeout(DEADLINE_MS)
    const signal = run.signal === undefined ? late : AbortSignal.any([late, run.signal])
    const task: UtilityTask = { request, steps: port2 }
    try {
      answer = (await this.#pool.run(task, {
        signal,
        transferList: [port2] as never,
      })) as UtilityAnswer
    } catch (error) {
      checkGoesOn(run.signal)
      throw new InstallError(
        'bad-plugin',
        `unpacking and bundling did not finish: ${(error as Error).message}`,
        { cause: error },
      )
    } finally {
      port1.close()
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
