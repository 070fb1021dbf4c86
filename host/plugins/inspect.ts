import type { Worker } from 'node:worker_threads'
import { bundleEntry, entryOf } from '#host/cell/workers/bundle.ts'
import { endThread } from '#host/cell/workers/end.ts'
import { RulePool } from '#host/cell/workers/pool.ts'
import { textOf } from '#host/cell/workers/worker-fault.ts'
import type { CallArguments } from '#src/plan/plugin-calls.ts'
import { titleOf } from '#src/sandbox/load.ts'
import type { PluginCode } from '#src/worker/protocol.ts'
import type { Inspection } from './installed.ts'

export interface InspectOptions {
  /** For the worker's bundled entry; the cell's folder will do. */
  readonly cacheFolder: string
  /** How long the scripts may take to load. @default 5000 */
  readonly deadlineMs?: number | undefined
  /** @default `sandboxed` */
  readonly tier?: 'sandboxed' | 'trusted' | undefined
  /** @default 192 MB */
  readonly memoryBytes?: number | undefined
  /** Of functions, in the same order: each is asked whether it may be called so. @default none */
  readonly calls?: readonly CallArguments[] | undefined
}

const DEADLINE_MS = 5000
const BOOT_MS = 30_000
const MEMORY_BYTES = 192e6
const LOOK_MS = 100
const MAX_TEXT = 600

/**
 * Loads plugins in a worker of their tier and of their own, which is ended afterwards whatever came of it: this is the first time
 * that their code runs, or the first time that a rule calls their functions so.
 *
 * @throws Error naming what is missing, thrown or taking too long
 */
export async function inspectInSandbox(
  codes: readonly PluginCode[],
  options: InspectOptions,
): Promise<readonly Inspection[]> {
  const { cacheFolder, tier = 'sandboxed', calls } = options
  const { deadlineMs = DEADLINE_MS, memoryBytes = MEMORY_BYTES } = options
  const entry = await bundleEntry(entryOf(tier), cacheFolder)
  const pool = new RulePool({
    tier,
    entry,
    maxYoungGenerationSizeMb: 16,
    // V8's own limit ends the thread at about twice what the watch below allows.
    maxOldGenerationSizeMb: Math.ceil((2 * memoryBytes) / 1e6),
  })
  const abort = new AbortController()
  const what = calls === undefined ? 'loading it' : `validate of ${codes.map(titleOf).join(', ')}`
  const limits = { what, deadlineMs, memoryBytes, signal: abort.signal }
  try {
    await booted(pool, abort.signal)
    const thread = pool.start({ inspect: codes, calls }, [])
    try {
      return readAnswer(await Promise.race([thread.task, excess(thread.worker, limits)]), codes)
    } catch (error) {
      // First the pool: it would boot the next thread.
      void pool.destroy()
      if ((await endThread(thread)) === 'stuck')
        throw new Error(`${what} runs native code that cannot be ended`, { cause: error })
      throw error
    }
  } finally {
    abort.abort()
    void pool.destroy()
  }
}

/** A worker that does not boot is no fault of the plugin's. */
async function booted(pool: RulePool, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${BOOT_MS} ms`)), BOOT_MS)
  signal.addEventListener('abort', () => clearTimeout(timer))
  try {
    await Promise.race([pool.prime(), promise])
  } catch (error) {
    throw new Error(`no sandbox could be started to look at it: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

interface Limits {
  /** What takes so long, or so much. */
  readonly what: string
  readonly deadlineMs: number
  readonly memoryBytes: number
  readonly signal: AbortSignal
}

/** Rejects when the worker takes too long or too much memory. */
function excess(worker: Worker, { what, deadlineMs, memoryBytes, signal }: Limits): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`${what} did not end within ${deadlineMs} ms`)),
    deadlineMs,
  )
  const watch = setInterval(() => {
    worker.getHeapStatistics().then(
      ({ total_heap_size: heap, external_memory: external }) => {
        if (heap + external <= memoryBytes) return
        const [used, limit] = [heap + external, memoryBytes].map((n) => Math.round(n / 1e6))
        reject(new Error(`${what} used ${used} MB of memory, ${limit} MB are allowed`))
      },
      // The thread is gone: its task says so.
      () => {},
    )
  }, LOOK_MS)
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    clearInterval(watch)
  })
  promise.catch(() => {})
  return promise
}

/** What a worker answers is believed in its shape only. */
function readAnswer(answer: unknown, codes: readonly PluginCode[]): Inspection[] {
  const error = textOf(fieldOf(answer, 'error'), MAX_TEXT)
  if (error !== undefined) throw new Error(error)
  const found = fieldOf(answer, 'ok')
  if (!Array.isArray(found) || found.length !== codes.length) {
    throw new Error('the worker that loaded it gave no answer')
  }
  return found.map((each: unknown) => ({
    isAggregate: fieldOf(each, 'isAggregate') === true,
    rewinds: fieldOf(each, 'rewinds') === true,
    validates: fieldOf(each, 'validates') === true,
  }))
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
