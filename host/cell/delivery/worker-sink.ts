import type { Delivered, Delivery } from '#src/worker/protocol.ts'
import { frameEnd } from '../buffer/chunk.ts'
import { CellError } from '../cell.ts'
import type { ConnectorContext, PayloadChunk, SinkConnector } from '../connectors/connector.ts'
import { PayloadError } from '../connectors/payload-error.ts'
import type { SinkWorker, WorkerLine } from './worker-line.ts'

/** Payloads that are handed over at once take so much of the worker's memory, at most; a larger one goes alone. */
const PART_BYTES = 1_048_576
/** So many workers die with nothing but this payload in hand: then it is what kills. */
const MAX_DEATHS = 3

interface Numbered {
  readonly numbering: string
  readonly sequence: number
}

/**
 * A plugin's sink as one of the host's: what it is sent goes to the rule's worker, and is through when the plugin says so. A
 * worker that dies is no failure of the sink: the successor is given the same again. What was in hand then is handed over
 * payload by payload, with nothing else in hand, and one that kills even so is refused.
 */
export class WorkerSink implements SinkConnector {
  readonly #line: WorkerLine
  readonly #action: number
  #context: ConnectorContext | undefined
  #isConnected = false
  /** Up to this one payloads are handed over alone. */
  #careful: Numbered | undefined
  #killer: (Numbered & { readonly deaths: number }) | undefined

  constructor(line: WorkerLine, action: number) {
    this.#line = line
    this.#action = action
  }

  configure(): void {}

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    const context = this.#context
    if (context === undefined) throw new CellError('closed', 'the sink is not open')
    const { signal, generation } = context
    try {
      await this.#collect(chunk, chunk.generation ?? generation, signal)
    } finally {
      this.#line.setCareful(this, false)
    }
  }

  async close(): Promise<void> {}

  async #collect(chunk: PayloadChunk, numbering: string, signal: AbortSignal): Promise<void> {
    const view = new DataView(chunk.buffer)
    for (let done = 0, at = 0; done < chunk.count; ) {
      const isAlone = this.#isSuspect(numbering, chunk.first + done)
      this.#line.setCareful(this, isAlone)
      const answer = await this.#line.turn(this, signal, async (worker) => {
        const part = this.#part(chunk, view, { done, at, numbering, isAlone })
        const delivered = await handed(worker, part)
        if (delivered !== undefined && saysMore(delivered)) return delivered
        // It died, or has nothing to say but that it closes. One that was let go is nobody's fault.
        const { isDismissed } = await worker.ended
        if (isDismissed !== true) this.#died(part, { done, isAlone })
        return { done: 0 }
      })
      done += answer.done
      for (let i = 0; i < answer.done; i++) at = frameEnd(view, at)
      this.#told(answer)
      if (answer.failure !== undefined) throw failureOf(done, answer.failure)
    }
  }

  #isSuspect(numbering: string, sequence: number): boolean {
    return this.#careful?.numbering === numbering && sequence <= this.#careful.sequence
  }

  #part(
    chunk: PayloadChunk,
    view: DataView,
    place: { done: number; at: number; numbering: string; isAlone: boolean },
  ): Delivery {
    const { done, at, numbering, isAlone } = place
    const first = chunk.first + done
    const most = isAlone ? 1 : chunk.count - done
    let end = frameEnd(view, at)
    let count = 1
    for (; count < most; count++) {
      const next = frameEnd(view, end)
      if (next - at > PART_BYTES) break
      end = next
    }
    // The worker's own: the host still has the original.
    const buffer = chunk.buffer.slice(at, end)
    const { epoch, destination } = chunk
    return { action: this.#action, buffer, count, first, epoch, numbering, destination }
  }

  /** @throws PayloadError for a payload that has killed alone, again and again */
  #died(
    { first, count, numbering }: Delivery,
    { done, isAlone }: { done: number; isAlone: boolean },
  ): void {
    if (!isAlone) {
      this.#careful = { numbering, sequence: first + count - 1 }
      // Before the successor is given rows.
      this.#line.setCareful(this, true)
      return
    }
    const known = this.#killer
    const isSame = known?.numbering === numbering && known.sequence === first
    const deaths = (isSame ? known.deaths : 0) + 1
    this.#killer = { numbering, sequence: first, deaths }
    if (deaths < MAX_DEATHS) return
    this.#killer = undefined
    const rule = this.#context?.ruleId
    throw new PayloadError(done, new Error(`the payload kills the worker of rule "${rule}"`))
  }

  #told({ done, failure }: Delivered): void {
    if (failure?.code === 'not-connected') {
      this.#isConnected = false
      this.#context?.connection('disconnected', failure.message)
    } else if (done > 0 && !this.#isConnected) {
      this.#isConnected = true
      this.#context?.connection('connected')
    }
  }
}

function saysMore({ done, failure }: Delivered): boolean {
  return done > 0 || failure !== undefined
}

/** `undefined`: the worker died of it, or meanwhile. */
async function handed(worker: SinkWorker, delivery: Delivery): Promise<Delivered | undefined> {
  try {
    return await worker.deliver(delivery)
  } catch (error) {
    if (error instanceof CellError && error.code === 'worker-died') return undefined
    const message = error instanceof Error ? error.message : String(error)
    throw Object.assign(new Error(message, { cause: error }), { code: 'retryable' })
  }
}

function failureOf(index: number, { code, message }: NonNullable<Delivered['failure']>): Error {
  return new PayloadError(index, Object.assign(new Error(message), { code }))
}
