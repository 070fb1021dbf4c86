import type { PluginPowers, PowerName } from '../cell.ts'
import type { Serve } from '../workers/guarded-endpoint.ts'
import type { FacadeError } from './facade-error.ts'
import type { Quotas } from './files/quota.ts'

/** What one power serves to one package of plugins in one flow. */
export interface Facade {
  /** Named `power.verb`; the tables of all facades are one on the port. */
  readonly methods: ReadonlyMap<string, Serve>
  /**
   * Lets go of everything. `ended`: the worker has closed its side in order, what it has handed over is still sent;
   * `revoked`: at once.
   */
  close(how: FacadeEnd): void
}

export type FacadeEnd = 'ended' | 'revoked'

/** What a facade knows of whom it serves: fixed by the port, never read from a message. */
export interface FacadeHost {
  /** `plugin acme-mysql@1.0.0` */
  readonly title: string
  readonly tenant: string
  readonly powers: PluginPowers
  /** What is used of private folders, counted for all rules of the cell. */
  readonly quotas?: Quotas | undefined
  /** Installed as trusted: it could do all of it itself. */
  readonly isTrusted: boolean
  /** Tells the plugin's side of something that it did not ask for just now. */
  push(event: string, args: readonly unknown[], move?: readonly ArrayBuffer[]): void
  /** Counts a refusal, and makes the error that the plugin gets. */
  denied(power: PowerName, to: string): FacadeError
}

export type MakeFacade = (host: FacadeHost) => Facade
