import { type ChildProcess, fork } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { whenLate } from '#host/cell/patience.ts'
import { BackOff } from '#host/cell/rule/back-off.ts'
import { type FromHost, supervisedVariable } from '#host/supervision.ts'

/** Between two lives: short at first, and for ever. */
const strategy = {
  attempts: Number.POSITIVE_INFINITY,
  delayMs: 200,
  multiplier: 2,
  maxDelayMs: 30_000,
  jitterFactor: 0.1,
}
/** ms for a process that has closed everything to be gone: a thread in native code would keep it for ever. */
const LAST_MS = 1000

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** How one life of the host ended. */
interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It has answered requests. */
  readonly wasReady: boolean
}

/**
 * Starts a host and starts it again when it dies or asks to be replaced. Passes SIGTERM and SIGINT on, and ends as the host
 * ends when it was told to, or could not start at all.
 *
 * @param flags of `plutino server`
 * @returns the exit code
 */
export async function supervise(flags: readonly string[]): Promise<number> {
  const backOff = new BackOff(strategy)
  const stop = new StopSignals()
  let wasEverReady = false
  for (;;) {
    const end = await liveOnce(flags, stop)
    wasEverReady ||= end.wasReady
    const { code, signal } = end
    const exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL']
    if (stop.isAsked || code === 0 || (!wasEverReady && code !== null)) return exitCode
    const ms = backOff.next() ?? 0
    const how = signal ?? `exit code ${code}`
    process.stderr.write(
      `plutino: the host ended (${how}); it is started again in ${Math.round(ms)} ms\n`,
    )
    await stop.orAfter(ms)
    if (stop.isAsked) return 0
  }
}

async function liveOnce(flags: readonly string[], stop: StopSignals): Promise<End> {
  const child = fork(main, flags, {
    env: { ...process.env, [supervisedVariable]: '1' },
    stdio: 'inherit',
  })
  let wasReady = false
  let closed: number | undefined
  let stopWaiting = () => {}
  child.on('message', (message: FromHost) => {
    if (message.type === 'ready') wasReady = true
    else {
      closed = message.code
      stopWaiting = whenLate(LAST_MS, () => child.kill('SIGKILL'))
    }
  })
  const unlisten = stop.passTo(child)
  const { code, signal } = await exitOf(child)
  stopWaiting()
  unlisten()
  return closed === undefined
    ? { code, signal, wasReady }
    : { code: closed, signal: null, wasReady }
}

function exitOf(child: ChildProcess): Promise<Pick<End, 'code' | 'signal'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

/** Of this process: passed on to the host that lives. */
class StopSignals {
  isAsked = false
  #child: ChildProcess | undefined
  #wake: (() => void) | undefined

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        this.isAsked = true
        this.#child?.kill(signal)
        this.#wake?.()
      })
    }
  }

  passTo(child: ChildProcess): () => void {
    this.#child = child
    return () => {
      this.#child = undefined
    }
  }

  /** Resolves after so long, or when this process is to end. */
  orAfter(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
