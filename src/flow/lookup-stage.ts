import type { Predicate, Value } from '#src/operators/compiled.ts'
import type {
  Batch,
  Operator,
  OperatorContext,
  OperatorId,
  Output,
  Row,
} from '#src/operators/operator.ts'
import { unlinked } from '#src/operators/operator.ts'
import { structuralKey } from '#src/operators/structural-key.ts'
import { BorderQueue } from './border-queue.ts'
import type { Border } from './compilation.ts'
import type { LookupCache } from './lookup-cache.ts'
import { within } from './within.ts'

/** Asks the host: for each key (values of the columns) the rows of the table that have it. */
export type Ask = (keys: readonly (readonly unknown[])[]) => Promise<readonly (readonly Row[])[]>

export interface LookupOptions {
  readonly join: 'inner' | 'left'
  readonly values: readonly Value[]
  readonly rest?: Predicate | undefined
  /** A row with what was found in it. */
  readonly pair: (row: Row, found: Row) => Row
  readonly ask: Ask
  /** The rows in what a table has for one key, where they have to be decoded. */
  readonly unpack?: ((found: readonly Row[]) => readonly Row[]) | undefined
  /** Between two calls of the host. Missing: each key is asked for anew. */
  readonly cache?: LookupCache | undefined
  /** Told when rows have left outside of a call of `push`. */
  readonly left: () => void
  /** Rows that may wait before `room` asks for a pause. @default 4096 */
  readonly maxRows?: number | undefined
  /** How long an answer may take, with all that is tried again, ms. @default 10000 */
  readonly deadlineMs?: number | undefined
}

/** Keys of one call of the host, at most. */
const MOST_KEYS = 512
/** Calls that are away at one time, at most. */
const MOST_CALLS = 8

/** One key on its way: what all rows that have it wait for. */
interface Asked {
  readonly key: readonly unknown[]
  readonly answer: PromiseWithResolvers<readonly Row[]>
}

interface Waiting extends Batch {
  /** What was found, by row; an error where a key cannot be computed; `undefined`: null, which equals nothing. */
  readonly found: readonly (Found | undefined)[]
}

type Found = readonly Row[] | Promise<readonly Row[]> | { readonly error: unknown }

/**
 * The stage border of a lookup table: an ordered, bounded queue of emissions, in which the time has its place too. What
 * several rows ask for in one go is one call of the host. As long as the cache knows all, rows pass without a queue.
 */
export class LookupStage implements Operator, Border {
  readonly id: OperatorId
  readonly #options: LookupOptions
  readonly #context: OperatorContext
  readonly #queue: BorderQueue<Waiting>
  /** By structural key: asked for, and not answered yet. */
  readonly #open = new Map<unknown, Asked>()
  /** Takes more keys. */
  #batch: Map<unknown, Asked> | undefined
  readonly #unsent: Map<unknown, Asked>[] = []
  #calls = 0
  #output: Output = unlinked

  constructor(id: OperatorId, options: LookupOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    const { left, maxRows } = options
    const work = async (waiting: Waiting) =>
      this.#join(waiting, await Promise.all(waiting.found.map(settled)))
    this.#queue = new BorderQueue({ work, output: () => this.#output, left, maxRows })
  }

  link(output: Output): void {
    this.#output = output
  }

  push(batch: Batch): void {
    this.#queue.check()
    if (batch.empty !== undefined) return
    this.#context.metrics.recordsIn += batch.rows.length
    const found = batch.rows.map((row) => this.#find(row))
    const waiting: Waiting = { ...batch, found }
    const isKnown = !found.some((each) => each instanceof Promise)
    if (isKnown && !this.#queue.isBusy) this.#join(waiting, found as readonly Answered[])
    else this.#queue.push(waiting)
  }

  advance(time: number): void {
    this.#queue.check()
    this.#queue.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  /** Nothing: a snapshot is only taken when nobody waits. */
  snapshot(): undefined {}

  restore(): void {}

  room(): Promise<void> | undefined {
    return this.#queue.room()
  }

  idle(): Promise<void> | undefined {
    return this.#queue.idle()
  }

  #find(row: Row): Found | undefined {
    const { values, cache } = this.#options
    try {
      const key = values.map((value) => value(row) ?? null)
      if (key.includes(null)) return undefined
      const name = structuralKey(key)
      return cache?.get(name) ?? this.#ask(name, key)
    } catch (error) {
      return { error }
    }
  }

  #ask(name: unknown, key: readonly unknown[]): Promise<readonly Row[]> {
    const known = this.#open.get(name)
    if (known !== undefined) return known.answer.promise
    const asked: Asked = { key, answer: Promise.withResolvers() }
    // Whoever waits for it hears of its failure.
    asked.answer.promise.catch(() => {})
    this.#open.set(name, asked)
    if (this.#batch === undefined || this.#batch.size >= MOST_KEYS) {
      const batch = new Map<unknown, Asked>()
      this.#batch = batch
      this.#unsent.push(batch)
      // What the same call of the flow asks for comes along.
      void Promise.resolve().then(() => this.#sendSome())
    }
    this.#batch.set(name, asked)
    return asked.answer.promise
  }

  #sendSome(): void {
    while (this.#calls < MOST_CALLS) {
      const batch = this.#unsent.shift()
      if (batch === undefined) return
      if (this.#batch === batch) this.#batch = undefined
      this.#calls++
      void this.#send(batch).finally(() => {
        this.#calls--
        this.#sendSome()
      })
    }
  }

  async #send(batch: ReadonlyMap<unknown, Asked>): Promise<void> {
    const { ask, deadlineMs = 10_000 } = this.#options
    const all = [...batch.values()]
    try {
      const answers = await within(deadlineMs, ask(all.map(({ key }) => key)))
      for (const [i, [name, asked]] of [...batch].entries()) {
        this.#answer(name, asked, answers[i] ?? [])
      }
    } catch (error) {
      for (const [name, { answer }] of batch) {
        this.#open.delete(name)
        answer.reject(error)
      }
    }
  }

  #answer(name: unknown, { answer }: Asked, found: readonly Row[]): void {
    const { unpack, cache } = this.#options
    this.#open.delete(name)
    try {
      const rows = unpack === undefined ? found : unpack(found)
      cache?.set(name, rows)
      answer.resolve(rows)
    } catch (error) {
      answer.reject(error)
    }
  }

  #join({ rows, times }: Batch, answers: readonly Answered[]): void {
    const made: Row[] = []
    const at: number[] = []
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as number
      try {
        const joined = this.#partners(rows[i] as Row, answers[i])
        made.push(...joined)
        for (let n = 0; n < joined.length; n++) at.push(time)
      } catch (error) {
        this.#context.rowError(error, time)
      }
    }
    if (made.length === 0) return
    this.#context.metrics.recordsOut += made.length
    this.#output.push({ rows: made, times: at })
  }

  #partners(row: Row, answer: Answered): readonly Row[] {
    const { join, rest, pair } = this.#options
    if (answer !== undefined && 'error' in answer) throw answer.error
    const pairs = (answer ?? []).map((found) => pair(row, found))
    const kept = rest === undefined ? pairs : pairs.filter((each) => rest(each) === true)
    return kept.length === 0 && join === 'left' ? [row] : kept
  }
}

type Answered = readonly Row[] | { readonly error: unknown } | undefined

async function settled(found: Found | undefined): Promise<Answered> {
  try {
    return await found
  } catch (error) {
    return { error }
  }
}
