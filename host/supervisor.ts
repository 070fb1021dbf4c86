import { type ChildProcess, fork } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { whenLate } from '#host/cell/patience.ts'
import { BackOff } from '#host/cell/rule/back-off.ts'
import { Heartbeat } from '#host/heartbeat.ts'
import { type FromHost, supervisedVariable, type ToHost } from '#host/supervision.ts'

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
 * Starts a host and starts it again when it dies, hangs or asks to be replaced. Passes SIGTERM and SIGINT on, and ends as
 * the host ends when it was told to, or could not start at all.
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
    say(`the host ended (${how}); it is started again in ${Math.round(ms)} ms`)
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
  const heartbeat = new Heartbeat({
    ask: () => ping(child),
    onSilence: (ms) => {
      say(`the host's main thread did not answer for ${ms / 1000} s: the host is killed`)
      child.kill('SIGKILL')
    },
  })
  child.on('message', (message: FromHost) => {
    if (message.type === 'alive') heartbeat.answered()
    else if (message.type === 'ready') {
      wasReady = true
      // not before: a start takes as long as it takes
      heartbeat.answered()
    } else {
      closed = message.code
      heartbeat.end()
      stopWaiting = whenLate(LAST_MS, () => child.kill('SIGKILL'))
    }
  })
  const unlisten = stop.passTo(child)
  const { code, signal } = await exitOf(child)
  heartbeat.end()
  stopWaiting()
  unlisten()
  return closed === undefined
    ? { code, signal, wasReady }
    : { code: closed, signal: null, wasReady }
}

function ping(child: ChildProcess): void {
  const message: ToHost = { type: 'ping' }
  // one that is gone or goes is heard of by its exit
  if (child.connected) child.send(message, () => {})
}

function say(text: string): void {
  process.stderr.write(`plutino: ${text}\n`)
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
