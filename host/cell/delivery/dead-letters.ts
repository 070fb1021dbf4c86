import { setTimeout as sleep } from 'node:timers/promises'
import { FRAME_HEADER_BYTES } from '#src/flow/frame.ts'
import type { ConnectorContext, PayloadChunk } from '../connectors/connector.ts'
import { payloadsOf } from '../connectors/payloads.ts'
import type { Outlet } from './outlet.ts'

/** Why a payload, or a tuple, ended here. */
export interface Reason {
  readonly error: Error
  readonly attempts: number
  /** Of a tuple. */
  readonly stream?: string | undefined
}

/** What is known of a payload beside itself. */
export interface Origin {
  readonly rule: string
  /** `mqtt_0`: type and number of the action; missing for a tuple that never came so far. */
  readonly action?: string | undefined
  /** Where it was to go, as far as that is one place: topic, url or path. */
  readonly target?: string | undefined
  readonly sequence: number
}

export interface DeadLettersOptions {
  readonly outlet: Outlet
  readonly context: ConnectorContext
  readonly epoch: number
  readonly origin: Omit<Origin, 'sequence'>
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
/** Payloads that go at once. */
const GROUP = 256
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * The sink for payloads that another sink will not take: each goes there as one JSON object with what is known of it.
 * While that sink is down everything behind them waits: a dead letter is not lost in a hurry.
 */
export class DeadLetters {
  readonly #options: DeadLettersOptions
  #taken = 0
  #lost = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: DeadLettersOptions) {
    this.#options = options
  }

  get taken(): number {
    return this.#taken
  }

  get lost(): number {
    return this.#lost
  }

  open(): Promise<void> {
    return this.#options.outlet.open()
  }

  /** @returns how many of them are safe there */
  take(chunk: PayloadChunk, reason: Reason): Promise<number> {
    const taken = this.#last.then(() => this.#take(chunk, reason))
    this.#last = taken.catch(() => {})
    return taken
  }

  async close(): Promise<void> {
    await this.#options.outlet.close()
  }

  async #take(chunk: PayloadChunk, reason: Reason): Promise<number> {
    const { epoch, context, outlet } = this.#options
    const { stream } = reason
    await outlet.ready()
    const texts: Buffer[] = []
    for (const { bytes, sequence, meta } of payloadsOf(chunk)) {
      texts.push(this.#letter(bytes, { sequence, meta }, reason))
    }
    let taken = 0
    for (let at = 0; at < texts.length && !context.signal.aborted; at += GROUP) {
      const group = framed(texts.slice(at, at + GROUP))
      // Each stream counts for itself.
      const numbering = chunk.generation ?? context.generation
      const generation = stream === undefined ? numbering : `${numbering}-${stream}`
      // Their numbers are those of several sources, or out of order: no sink is to judge by them.
      const letters = { ...group, first: chunk.first + at, epoch, generation, isResent: true }
      if (await this.#deliver(letters)) {
        taken += group.count
      }
    }
    return taken
  }

  async #deliver(letters: PayloadChunk): Promise<boolean> {
    const { outlet, context } = this.#options
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      const outcome = await outlet.attempt(letters)
      if (outcome.result === 'sent') {
        this.#taken += letters.count
        return true
      }
      // what fails then says nothing of the sink
      if (context.signal.aborted) return false
      if (outcome.result === 'refused') {
        this.#lost += letters.count
        context.logger.error(
          `${letters.count} dead letters are lost: their sink refuses them: ${outcome.error.message}`,
        )
        return false
      }
      await sleep(waitMs, undefined, { signal: context.signal }).catch(() => {})
      if (context.signal.aborted) return false
    }
  }

  #letter(
    payload: Uint8Array,
    { sequence, meta }: { sequence: number; meta?: Readonly<Record<string, unknown>> | undefined },
    { error, attempts, stream }: Reason,
  ): Buffer {
    const { rule, action, target } = this.#options.origin
    const own = meta?.topic ?? meta?.url ?? meta?.path
    const letter = {
      rule,
      action,
      stream,
      target: typeof own === 'string' ? own : target,
      sequence,
      error: error.message,
      attempts,
      at: Date.now(),
      ...shown(payload),
    }
    return Buffer.from(JSON.stringify(letter))
  }
}

/** Text as it is, other bytes in base64. */
function shown(payload: Uint8Array): { payload: string } | { payloadBase64: string } {
  try {
    return { payload: decoder.decode(payload) }
  } catch {
    return { payloadBase64: Buffer.from(payload).toString('base64') }
  }
}

/** Payloads as frames. */
export function framed(payloads: readonly Uint8Array[]): { buffer: ArrayBuffer; count: number } {
  let total = 0
  for (const payload of payloads) total += FRAME_HEADER_BYTES + payload.length
  const buffer = new ArrayBuffer(total)
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  let at = 0
  const now = Date.now()
  for (const payload of payloads) {
    view.setUint32(at, payload.length, true)
    view.setFloat64(at + 8, now, true)
    bytes.set(payload, at + FRAME_HEADER_BYTES)
    at += FRAME_HEADER_BYTES + payload.length
  }
  return { buffer, count: payloads.length }
}
