import { url as inspectorUrl } from 'node:inspector'
import { availableParallelism } from 'node:os'
import type { WorkerHandle } from './worker-handle.ts'

export interface WatchdogOptions {
  /** ms between two looks, and where something is late. @default 100 and 25 */
  readonly lookMs?: number | undefined
  readonly closeLookMs?: number | undefined
  /** ms for the event loop of a worker to answer. @default 5000 */
  readonly silenceMs?: number | undefined
  /** ms for its thread to answer at all: native code that does not end. @default 2000 */
  readonly nativeMs?: number | undefined
  /** ms for a new thread to answer for the first time: it has to boot on a machine that may be busy. @default 20000 */
  readonly bootMs?: number | undefined
}

export interface Watched {
  readonly handle: WorkerHandle
  /** Heap and external memory, bytes. */
  readonly memoryLimitBytes: number
  /** So many ms more of silence are nothing: a large state is read and written in one native call. */
  readonly patienceMs?: (() => number) | undefined
}

interface Subject extends Watched {
  /** On-time ms since a ping, or since a look at the heap, that has no answer yet. */
  silentMs: number
  unansweredMs: number
  pinged: boolean
  asked: boolean
  sincePingMs: number
  sinceHeapMs: number
  memoryBytes: number
  hasGrown: boolean
  hasBooted: boolean
}

/** A call that waits longer makes a worker worth a closer look. */
const LATE_CALL_MS = 50
/** So is one whose heap was asked for so long ago. */
const LATE_ANSWER_MS = 300
const PING_EVERY_MS = 2000
const HEAP_EVERY_MS = 1000
/** A look that comes so much too late was held up by the host itself: nobody is judged by it. */
const LATE_LOOK_MS = 50
/** When more calls than this are late, it is the machine that is: looking closely at all of them would only add to it. */
const CROWD = 16

/**
 * Watches workers: does their event loop answer, does their thread, how much memory they hold. Busy is not guilty: what
 * counts is silence, and only the time between two looks that were made on time.
 */
export class Watchdog {
  readonly #options: Required<{ [K in keyof WatchdogOptions]: number }>
  readonly #subjects = new Map<WorkerHandle, Subject>()
  #timer: NodeJS.Timeout | undefined
  readonly #cores = availableParallelism()
  #lookedAt = 0
  #nextMs = 0
  #isCrowded = false

  constructor({ lookMs, closeLookMs, silenceMs, nativeMs, bootMs }: WatchdogOptions = {}) {
    this.#options = {
      lookMs: lookMs ?? 100,
      closeLookMs: closeLookMs ?? 25,
      silenceMs: silenceMs ?? 5000,
      nativeMs: nativeMs ?? 2000,
      bootMs: bootMs ?? 20_000,
    }
  }

  watch(watched: Watched): void {
    this.#subjects.set(watched.handle, {
      ...watched,
      silentMs: 0,
      unansweredMs: 0,
      pinged: false,
      asked: false,
      sincePingMs: 0,
      sinceHeapMs: 0,
      memoryBytes: 0,
      hasGrown: false,
      hasBooted: false,
    })
    void watched.handle.ended.then(() => this.#subjects.delete(watched.handle))
    if (this.#timer === undefined) this.#schedule()
  }

  /** A worker that is silent works off rows, one after the other: it has not come to a halt in one of them. */
  beat(handle: WorkerHandle): void {
    const subject = this.#subjects.get(handle)
    if (subject !== undefined) subject.silentMs = 0
  }

  /** Heap and external memory at the last look. */
  memoryOf(handle: WorkerHandle): number {
    return this.#subjects.get(handle)?.memoryBytes ?? 0
  }

  close(): void {
    this.#subjects.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    const { lookMs, closeLookMs } = this.#options
    const subjects = [...this.#subjects.values()]
    this.#isCrowded = subjects.filter(isLate).length > CROWD
    const isClose = subjects.some((subject) => this.#isSuspect(subject))
    this.#nextMs = isClose ? closeLookMs : lookMs
    this.#lookedAt = performance.now()
    this.#timer = setTimeout(() => this.#look(), this.#nextMs).unref()
  }

  #look(): void {
    this.#timer = undefined
    if (this.#subjects.size === 0) return
    const passedMs = performance.now() - this.#lookedAt
    // So many threads as there are cores can answer at one time: when more are asked, each has to wait for its turn.
    const share = Math.min(1, this.#cores / this.#unanswered())
    // An open inspector may hold a thread at a breakpoint.
    const isHeld = inspectorUrl() !== undefined
    const onTimeMs = isHeld || passedMs - this.#nextMs > LATE_LOOK_MS ? 0 : passedMs * share
    for (const subject of this.#subjects.values()) this.#judge(subject, passedMs, onTimeMs)
    this.#schedule()
  }

  /** Those who did not answer until the look after they were asked. */
  #unanswered(): number {
    let count = 0
    for (const { silentMs, unansweredMs } of this.#subjects.values()) {
      if (silentMs > 0 || unansweredMs > 0) count++
    }
    return count
  }

  #isSuspect(subject: Subject): boolean {
    return subject.hasGrown || (!this.#isCrowded && isLate(subject))
  }

  #judge(subject: Subject, passedMs: number, onTimeMs: number): void {
    const { silenceMs, nativeMs, bootMs } = this.#options
    const isClose = this.#isSuspect(subject)
    subject.sincePingMs += passedMs
    subject.sinceHeapMs += passedMs
    if (subject.pinged) subject.silentMs += onTimeMs
    else if (isClose || subject.sincePingMs >= PING_EVERY_MS) ping(subject)
    if (subject.asked) subject.unansweredMs += onTimeMs
    else if (isClose || subject.sinceHeapMs >= HEAP_EVERY_MS) this.#weigh(subject)
    if (!subject.hasBooted && !subject.handle.hasAnswered) {
      if (subject.unansweredMs > bootMs) {
        void subject.handle.kill(`its thread did not boot within ${bootMs} ms`)
      }
      // A question that came before the thread was there is never answered: it is asked again.
      if (subject.sinceHeapMs >= HEAP_EVERY_MS) subject.asked = false
      return
    }
    const patienceMs = subject.patienceMs?.() ?? 0
    if (subject.unansweredMs > nativeMs + patienceMs) {
      void subject.handle.kill(
        `its thread did not answer for ${nativeMs} ms: native code`,
        'native',
      )
    } else if (subject.silentMs > silenceMs + patienceMs) {
      void subject.handle.kill(`its event loop did not answer for ${silenceMs} ms`, 'silence')
    }
  }

  #weigh(subject: Subject): void {
    subject.asked = true
    subject.sinceHeapMs = 0
    subject.handle.worker.getHeapStatistics().then(
      ({ total_heap_size: heap, external_memory: external }) => {
        const bytes = heap + external
        if (!subject.hasBooted) subject.silentMs = 0
        subject.hasBooted = true
        subject.asked = false
        subject.unansweredMs = 0
        subject.hasGrown = subject.memoryBytes > 0 && bytes > subject.memoryBytes * 1.2
        subject.memoryBytes = bytes
        if (bytes <= subject.memoryLimitBytes) return
        const [used, limit] = [bytes, subject.memoryLimitBytes].map((n) => Math.round(n / 1e6))
        void subject.handle.kill(`it used ${used} MB of memory, its limit is ${limit} MB`, 'memory')
      },
      // The thread is gone or going: its exit says so.
      () => {},
    )
  }
}

function isLate({ handle, unansweredMs }: Subject): boolean {
  return handle.waitingMs > LATE_CALL_MS || unansweredMs > LATE_ANSWER_MS
}

function ping(subject: Subject): void {
  subject.pinged = true
  subject.sincePingMs = 0
  subject.handle.ping().then(
    () => {
      subject.pinged = false
      subject.silentMs = 0
      if (subject.unansweredMs === 0) return
      // Its event loop turns, so it is not in native code: the look at its heap got lost or late, and is asked for anew.
      subject.unansweredMs = 0
      subject.asked = false
    },
    // As above.
    () => {},
  )
}
