import type { SourceLedger } from '../connector.ts'
import { eachPuback } from './packets.ts'

/**
 * The packet ids of a session at a broker that are still open, over all connections of the session. At qos 2 an id that was
 * taken stands in the ledger until the broker releases it: what comes again under it, even after the end of this process,
 * is the same message. At qos 1 that can be known only of an id whose PUBACK was never written: else the broker may have
 * given the id to another message since.
 */
export class SessionIds {
  readonly #ledger: SourceLedger | undefined
  /** Taken at qos 2, not released. */
  readonly #received = new Set<number>()
  /** Taken at qos 1, and the connection was lost before the PUBACK was written. */
  readonly #unanswered = new Set<number>()
  /** Messages that the broker has sent again, and that may have been taken before. */
  possibleDuplicates = 0

  constructor(ledger?: SourceLedger) {
    this.#ledger = ledger
    for (const key of ledger?.keys() ?? []) {
      if (key.startsWith(PREFIX)) this.#received.add(Number(key.slice(PREFIX.length)))
    }
  }

  /** The broker has accepted a connection. @param isKept it still has the session */
  begin(isKept: boolean): void {
    if (isKept) return
    this.#unanswered.clear()
    for (const id of this.#received) this.#ledger?.forget(PREFIX + id)
    this.#received.clear()
  }

  /** Whether this message was taken before: it is acknowledged, and not taken again. */
  has(qos: number, id: number, isRepeated: boolean): boolean {
    if (qos === 2) return this.#received.has(id)
    if (qos !== 1 || this.#unanswered.size === 0) return false
    // Sent for the first time it is another message.
    return this.#unanswered.delete(id) && isRepeated
  }

  /** The message is the last tuple that was written. */
  taken(qos: number, id: number, isRepeated: boolean): void {
    if (qos === 2) {
      this.#received.add(id)
      const ledger = this.#ledger
      ledger?.note(PREFIX + id, { first: ledger.next - 1, count: 1, total: 1, at: Date.now() })
    } else if (qos === 1 && isRepeated) this.possibleDuplicates++
  }

  /** The broker will not send it again: the id is free. */
  released(id: number): void {
    if (this.#received.delete(id)) this.#ledger?.forget(PREFIX + id)
  }

  /** These acknowledgements will never be written. */
  lost(packets: Buffer): void {
    eachPuback(packets, (id) => this.#unanswered.add(id))
  }
}

const PREFIX = 'mqtt '
