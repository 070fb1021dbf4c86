import type { Harden } from './context.ts'
import type { HostFacades } from './facade-port.ts'
import type { RealTimers } from './timers.ts'

/** What one power gives a package of plugins; all of it is hardened before a plugin gets it. */
export interface Power {
  /** Properties of every context: `connect`, `files`. */
  readonly context?: Readonly<Record<string, unknown>> | undefined
  /** Globals of the compartment: `fetch`. Not in the trusted tier, which has the real ones. */
  readonly globals?: Readonly<Record<string, unknown>> | undefined
  /** What `require('plutino:…')` gives the modules that stand for Node's: `plutino:sockets`. */
  readonly modules?: Readonly<Record<string, unknown>> | undefined
}

export interface PowerOptions {
  /** Where the host serves this package. */
  readonly port: HostFacades
  readonly timers: RealTimers
  readonly harden: Harden
  /** An error that no caller waits for. */
  failed(error: unknown): void
}

export type MakePower = (options: PowerOptions) => Power
