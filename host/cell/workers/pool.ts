import { createRequire } from 'node:module'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { Tier } from './bundle.ts'

export interface PoolOptions {
  readonly tier: Tier
  /** One script. */
  readonly entry: string
  /** Keeps the garbage of a worker that has run small; one that has just booted weighs the same at 2, 16 and 48. @default 2 */
  readonly maxYoungGenerationSizeMb?: number | undefined
  /** Far above need: V8 ends the process for some shapes of too much. The watchdog keeps the real limit. @default 4096 */
  readonly maxOldGenerationSizeMb?: number | undefined
}

/** What every rule worker is started with, whatever it runs. */
const commonFlags = [
  '--no-global-search-paths',
  '--report-exclude-env',
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
]

const closedFlags = [
  '--permission',
  '--no-addons',
  '--no-experimental-sqlite',
  '--no-experimental-ffi',
  '--no-experimental-websocket',
  '--no-experimental-global-navigator',
  '--no-experimental-webstorage',
]

/** What Piscina itself loads in a worker. */
const piscinaFiles = ['worker.js', 'common.js', 'symbols.js']

/** A thread at work. */
export interface RunningThread {
  readonly worker: Worker
  /** Settles when the task has ended; tells why it ended too early. */
  readonly task: Promise<unknown>
  /** Resolves with the exit code when the thread is really gone. */
  readonly exit: Promise<number>
}

/** One Piscina pool of one thread: what a rule runs in. Boots its thread at once, and the next one when that has died. */
export class RulePool {
  readonly tier: Tier
  readonly #pool: Piscina

  constructor(options: PoolOptions) {
    this.tier = options.tier
    // Lets a worker collect what booting has left: see `src/worker/start-flow.ts`. Plugins never get to see it.
    setFlagsFromString('--expose-gc')
    this.#pool = new Piscina({
      filename: options.entry,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      env: {},
      trackUnmanagedFds: true,
      execArgv: flagsOf(options.tier, options.entry),
      resourceLimits: {
        maxYoungGenerationSizeMb: options.maxYoungGenerationSizeMb ?? 2,
        maxOldGenerationSizeMb: options.maxOldGenerationSizeMb ?? 4096,
      },
    })
    // A pool whose idle worker fails would otherwise end the process. Who runs a task on it hears of it there.
    this.#pool.on('error', () => {})
  }

  /** Resolves when the thread could take a rule. */
  async prime(): Promise<void> {
    await this.#pool.run({ prime: true })
  }

  /** Starts the task. Its thread is taken from here on. */
  start(message: object, move: readonly Transferable[]): RunningThread {
    const task = this.#pool.run(message, { transferList: [...move] as never })
    task.catch(() => {})
    const [worker] = this.#pool.threads
    if (worker === undefined) throw new Error('the pool has no thread')
    // Not `once` of node:events: that one rejects when the thread fails before it exits.
    const exit = new Promise<number>((resolve) => worker.once('exit', resolve))
    return { worker, task, exit }
  }

  /** Ends the thread. Resolves when it is gone, which a thread in native code never is. */
  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

function flagsOf(tier: Tier, entry: string): string[] {
  if (tier === 'trusted') return commonFlags
  const folder = path.dirname(createRequire(import.meta.url).resolve('piscina'))
  const readable = [entry, ...piscinaFiles.map((file) => path.join(folder, file))]
  return [...closedFlags, ...commonFlags, ...readable.map((file) => `--allow-fs-read=${file}`)]
}
