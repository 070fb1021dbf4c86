import type { PluginPowers, PowerName, RefusedPower } from '../cell.ts'
import { textOf } from '../workers/worker-fault.ts'
import { FacadeError } from './facade-error.ts'

export interface RefusalsOptions {
  /** `plugin acme-mysql@1.0.0` */
  readonly title: string
  readonly powers: PluginPowers
  report(refusal: Pick<RefusedPower, 'power' | 'to' | 'at' | 'count'>): void
}

const REPORT_MS = 10_000
/** Different targets that are told apart; a plugin that tries more of them is counted under one name. */
const MAX_TARGETS = 100
const MAX_NAME = 200

interface Tally {
  readonly power: PowerName
  readonly to: string
  count: number
  at: number
  reportedAt: number
}

/** What one package of plugins was refused in one flow: the errors it gets, and a count that is told now and then. */
export class Refusals {
  readonly #options: RefusalsOptions
  readonly #tallies = new Map<string, Tally>()

  constructor(options: RefusalsOptions) {
    this.#options = options
  }

  denied(power: PowerName, to: string): FacadeError {
    const name = textOf(to, MAX_NAME) ?? ''
    this.#count(power, name)
    return new FacadeError('ERR_PLUGIN_DENIED', this.#text(power, name))
  }

  /** Tells what was counted since. */
  close(): void {
    for (const tally of this.#tallies.values()) if (tally.count > 0) this.#report(tally)
  }

  #count(power: PowerName, to: string): void {
    const known = this.#tallies.has(`${power} ${to}`) || this.#tallies.size < MAX_TARGETS
    const name = known ? to : 'others'
    const key = `${power} ${name}`
    const tally = this.#tallies.get(key) ?? {
      power,
      to: name,
      count: 0,
      at: 0,
      reportedAt: Number.NEGATIVE_INFINITY,
    }
    this.#tallies.set(key, tally)
    tally.count++
    tally.at = Date.now()
    if (performance.now() - tally.reportedAt >= REPORT_MS) this.#report(tally)
  }

  #report(tally: Tally): void {
    const { power, to, at, count } = tally
    tally.count = 0
    tally.reportedAt = performance.now()
    this.#options.report({ power, to, at, count })
  }

  #text(power: PowerName, to: string): string {
    const { title, powers } = this.#options
    const call = `${powers.grantCall} --grant ${flagOf(power, to)}`
    if (powers.asked.includes(`${power} ${to}`))
      return `${title} asks for ${power} "${to}" and was not granted it: ${call}`
    return `${title} has no ${power} "${to}": its manifest has to ask for it in plutino.permissions.${power}, then grant it: ${call}`
  }
}

/** As `plutino plugin grant` takes it. */
export function flagOf(power: PowerName, to: string): string {
  if (power !== 'files') return `${power}=${to}`
  return to === 'private' ? 'files.private' : `files.${to}=PATH`
}
