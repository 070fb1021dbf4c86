import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { kindOfAddress } from '#host/network/address-kind.ts'

export interface Address {
  readonly address: string
  readonly family: number
}

/** Asks the system for all addresses of a name; tests put another in its place. */
export type AskSystem = (host: string) => Promise<readonly Address[]>

/** Look-ups of one package at one time: they use threads that the whole process shares. */
const MAX_LOOKUPS = 2

const askSystem: AskSystem = (host) => lookup(host, { all: true, order: 'verbatim' })

/** Finds the addresses of a granted host once; the connection goes to one of these and asks nobody again. */
export class NameLookup {
  readonly #ask: AskSystem
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(ask: AskSystem = askSystem) {
    this.#ask = ask
  }

  /** @throws Error with the resolver's code; `ENOTFOUND` when all that it has may not be reached by a name */
  async find(host: string): Promise<readonly Address[]> {
    const family = isIP(host)
    if (family !== 0) return [{ address: host, family }]
    const found = await this.#turn(() => this.#ask(host))
    // Whoever answers for a name must not send a plugin to the machine's own metadata: that is granted by its address only.
    const allowed = found.filter(({ address }) => kindOfAddress(address) !== 'local')
    if (allowed.length > 0) return allowed
    const text = `the name ${host} leads to link-local or metadata addresses only, which are reached by a grant of the address itself`
    throw Object.assign(new Error(text), { code: 'ENOTFOUND' })
  }

  async #turn<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_LOOKUPS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await ask()
    } finally {
      // The place goes to the next one, or is given up.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
