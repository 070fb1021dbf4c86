import type { SourceLedger } from '../connector.ts'
import type { Origin } from './topics.ts'

const PREFIX = 'memory '

/**
 * How far each action that writes to a topic has been read. It stands in the spool's ledger: an action that goes back to
 * its rule's checkpoint, also after the end of this process, writes nothing twice.
 */
export class TopicWriters {
  readonly #ledger: SourceLedger

  constructor(ledger: SourceLedger) {
    this.#ledger = ledger
  }

  lastOf({ name, generation }: Origin): number {
    const noted = this.#ledger.find(keyOf(name, generation))
    return noted === undefined ? 0 : noted.at + noted.count - 1
  }

  /** So many payloads from number `number` on are the last tuples that were written. */
  took({ name, generation }: Origin, number: number, count: number): void {
    const key = keyOf(name, generation)
    if (this.#ledger.find(key) === undefined) this.#forgetOthers(name)
    // Here `at` is the number of the first payload: what is cut of the tuples is cut of the payloads.
    this.#ledger.note(key, { first: this.#ledger.next - count, count, total: count, at: number })
  }

  /** Numbers of an earlier numbering will not come again. */
  #forgetOthers(name: string): void {
    const prefix = keyOf(name, '')
    const others = [...this.#ledger.keys()].filter((key) => key.startsWith(prefix))
    for (const key of others) this.#ledger.forget(key)
  }
}

function keyOf(name: string, generation: string): string {
  return `${PREFIX}${name} ${generation}`
}
