import type { Collected, Feed, Range } from '#src/worker/protocol.ts'
import type { BellMember } from '../buffer/doorbell.ts'
import type { Reader } from '../buffer/reader.ts'
import type { RunningSource } from './running-source.ts'
import { type Suspects, Suspicion } from './suspicion.ts'

export interface FeederOptions {
  readonly sources: readonly RunningSource[]
  readonly isLossless: boolean
  /** After which tuple a source with a spool is read. */
  readonly after?: ((source: number) => number | undefined) | undefined
  /** Calls that may be away at one time; the second and later ones only when they are full. @default 4 */
  readonly inFlight?: number | undefined
  /** By source: what was in hand when an earlier life of the host ended. */
  readonly suspects?: readonly Suspects[] | undefined
  /** The sinks have room for what would come of it. */
  mayFeed(): boolean
  onCollected(collected: Collected): void
  /** A call failed in a worker that is alive. */
  onFailure(error: Error): void
  /** This tuple has killed twice. It is out of the way now. */
  onSetAside(source: number, frame: Range): void
}

type Collect = (feeds: readonly Feed[]) => Promise<Collected>

interface Input {
  readonly source: RunningSource
  reader: Reader
  readonly suspicion: Suspicion
  toldEnd: boolean
  /** From the worker's being given tuples to its acknowledgement, the last time. */
  latencyUs: number
}

interface Call {
  readonly inputs: readonly Input[]
  readonly sentAt: number
  result: Collected | undefined
}

/** A call that brings so much pays for itself. */
const FULL_BYTES = 16_384

/**
 * Feeds the worker of one rule from the buffers of its sources. Each call brings news of all of them: tuples, or how far
 * time has come. Calls are acknowledged in order; with the worker's death all of them are taken back.
 */
export class Feeder implements BellMember {
  readonly #options: FeederOptions
  readonly #inputs: readonly Input[]
  readonly #away: Call[] = []
  #collect: Collect | undefined
  /** Answers of an earlier worker are not heard. */
  #life = 0
  /** The flow wanted to be told the time while an answer was awaited. */
  #isDue = false
  #isPaused = false

  constructor(options: FeederOptions) {
    this.#options = options
    const { sources, isLossless, after } = options
    this.#inputs = sources.map((source, index) => {
      source.bell.add(this)
      const reader = source.buffer.addReader({ isLossless, after: after?.(index) })
      return {
        source,
        reader,
        suspicion: new Suspicion(options.suspects?.[index]),
        toldEnd: false,
        latencyUs: 0,
      }
    })
  }

  get isIdle(): boolean {
    return this.#away.length === 0 && !this.#hasNews()
  }

  reader(source: number): Reader | undefined {
    return this.#inputs[source]?.reader
  }

  /** By source: what was in hand at the last deaths. */
  get suspects(): Suspects[] {
    return this.#inputs.map(({ suspicion }) => suspicion.suspects)
  }

  /** µs that the last batch of a source took, from its being given to the worker to its acknowledgement. */
  latencyUs(source: number): number {
    return this.#inputs[source]?.latencyUs ?? 0
  }

  /** Sequence number of the last tuple that the worker has taken of a source. */
  acknowledged(source: number): number {
    const reader = this.#inputs[source]?.reader
    return reader === undefined ? 0 : reader.oldestSequence - 1
  }

  /** A source was reopened, its buffer is another one; or it goes on elsewhere, behind what is in its spool. */
  renew(source: number): void {
    const input = this.#inputs[source]
    if (input === undefined) return
    const { reader, source: of } = input
    // first the new one: without any the buffer lets go of its place
    input.reader = of.buffer.addReader({ isLossless: this.#options.isLossless })
    of.buffer.removeReader(reader)
  }

  /** What came after this tuple is read again. */
  rewindTo(source: number, sequence: number): void {
    const input = this.#inputs[source]
    if (input !== undefined) input.source.buffer.rewindTo(input.reader, sequence)
  }

  connect(collect: Collect): void {
    this.#collect = collect
    for (const input of this.#inputs) input.toldEnd = false
    this.feed()
  }

  /** Nothing more is sent: what is emitted from now on would lie behind the last checkpoint. */
  pause(): void {
    this.#isPaused = true
  }

  /** After `pause`. */
  resume(): void {
    this.#isPaused = false
    this.feed()
  }

  /** Nothing that was sent is without its answer. */
  get isAnswered(): boolean {
    return this.#away.length === 0
  }

  /**
   * The worker is gone: whatever it still answers is not heard, and its successor starts where it was.
   *
   * @param isDismissed no tuple is to blame
   */
  disconnect(isDismissed = false): void {
    if (this.#collect === undefined) return
    this.#collect = undefined
    this.#life++
    this.#away.length = 0
    for (const { source, reader, suspicion } of this.#inputs) {
      if (!isDismissed) suspicion.died(reader)
      source.buffer.rewind(reader)
    }
  }

  hasFullCall(): boolean {
    if (!this.#canSend() || !this.#isFull()) return false
    const isUneasy = this.#inputs.some(({ reader, suspicion }) => suspicion.isUneasy(reader))
    const { inFlight = 4 } = this.#options
    return this.#away.length < (isUneasy ? 1 : inFlight)
  }

  hasAny(): boolean {
    return this.#canSend() && this.#away.length === 0 && this.#hasNews()
  }

  feed(): void {
    while (this.hasFullCall() || this.hasAny()) this.#send()
  }

  /** The flow wanted to be told the time. */
  tick(): void {
    this.#isDue = this.#away.length > 0
    if (!this.#isDue && this.#canSend()) this.#send()
  }

  close(): void {
    this.disconnect()
    for (const { source, reader } of this.#inputs) {
      source.bell.remove(this)
      source.buffer.removeReader(reader)
    }
  }

  #canSend(): boolean {
    return this.#collect !== undefined && !this.#isPaused && this.#options.mayFeed()
  }

  #isFull(): boolean {
    if (this.#isCareful()) return false
    return this.#inputs.some(
      ({ source, reader }) => source.buffer.pendingBytes(reader) >= FULL_BYTES,
    )
  }

  #hasNews(): boolean {
    return this.#inputs.some(
      ({ source, reader, toldEnd }) =>
        source.buffer.pendingTuples(reader) > 0 ||
        (source.hasEnded && !toldEnd && !reader.isBehind),
    )
  }

  #send(): void {
    const collect = this.#collect
    if (collect === undefined) return
    const careful = this.#skipKillers()
    const taken = this.#inputs.map((input) => this.#take(input, careful))
    const feeds = this.#inputs.map((input, index) => this.#feedOf(input, index, taken[index] ?? []))
    const inputs = this.#inputs.filter((_, index) => (taken[index] ?? []).length > 0)
    const call: Call = { inputs, sentAt: performance.now(), result: undefined }
    this.#away.push(call)
    const life = this.#life
    collect(feeds).then(
      (result) => {
        if (life !== this.#life) return
        call.result = result
        this.#settle()
      },
      (error: Error) => {
        if (life === this.#life) this.#options.onFailure(error)
      },
    )
  }

  /** @returns the input that is fed tuple by tuple, and alone; `undefined`: no tuple is under suspicion */
  #skipKillers(): Input | undefined {
    for (const { source, reader, suspicion } of this.#inputs) {
      while (suspicion.isKiller(reader)) {
        const frame = source.buffer.setAside(reader)
        if (frame === undefined) break
        const index = this.#inputs.findIndex((input) => input.reader === reader)
        if (suspicion.isNew(frame.first)) this.#options.onSetAside(index, frame)
      }
    }
    return this.#isCareful() ? this.#earliest() : undefined
  }

  #isCareful(): boolean {
    return this.#inputs.some(({ reader, suspicion }) => suspicion.isNear(reader))
  }

  #earliest(): Input | undefined {
    const times = this.#inputs.map(({ source, reader }) =>
      source.buffer.pendingTuples(reader) > 0
        ? source.buffer.pendingSince(reader)
        : Number.POSITIVE_INFINITY,
    )
    return this.#inputs[times.indexOf(Math.min(...times))]
  }

  #take(input: Input, careful: Input | undefined): Range[] {
    const { source, reader } = input
    if (careful === undefined) return source.buffer.take(reader)
    return careful === input ? source.buffer.take(reader, { single: true }) : []
  }

  #feedOf(input: Input, index: number, ranges: Range[]): Feed {
    const { source, reader } = input
    const isThrough = !reader.isBehind && source.buffer.pendingTuples(reader) === 0
    const end = source.hasEnded && isThrough
    if (end) input.toldEnd = true
    const time = source.buffer.pendingSince(reader)
    return { source: index, ranges, time, end, metas: source.buffer.newMetas(reader) }
  }

  #settle(): void {
    while (this.#away[0]?.result !== undefined) {
      const call = this.#away.shift()
      if (call?.result === undefined) break
      const life = this.#life
      this.#options.onCollected(call.result)
      if (life !== this.#life) return
      const latencyUs = Math.round((performance.now() - call.sentAt) * 1000)
      for (const input of call.inputs) {
        input.latencyUs = latencyUs
        input.source.buffer.acknowledge(input.reader)
      }
    }
    // Tuple by tuple no call is full: waiting for the bell would take seconds for one chunk.
    if (this.#isCareful()) this.feed()
    else for (const { source } of this.#inputs) source.bell.ringFor(this)
    if (this.#isDue && this.#away.length === 0) this.tick()
  }
}
