import type { Harden } from './context.ts'
import type { HostFacades } from './facade-port.ts'
import { filePower } from './file-power.ts'
import { secretPower } from './secret-power.ts'
import { socketPower } from './sockets/socket-power.ts'
import type { RealTimers } from './timers.ts'
import { fetchPower } from './web/fetch.ts'

/** What one power gives a package of plugins; all of it is hardened before a plugin gets it. */
export interface Power {
  /** Properties of every context: `connect`, `files`. */
  readonly context?: Readonly<Record<string, unknown>> | undefined
  /** Globals of the compartment: `fetch`. Not in the trusted tier, which has the real ones. */
  readonly globals?: Readonly<Record<string, unknown>> | undefined
  /** What `require('plutino:…')` gives the modules that stand for Node's: `plutino:sockets`. */
  readonly modules?: Readonly<Record<string, unknown>> | undefined
}

/** All of them together. */
export interface Powers {
  readonly context: Readonly<Record<string, unknown>>
  readonly globals: Readonly<Record<string, unknown>>
  readonly modules: Readonly<Record<string, unknown>>
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

/** All that there are. */
const makers: readonly MakePower[] = [socketPower, fetchPower, filePower, secretPower]

/** What the plugins of one package may use of the host. Whether it was granted is decided there. */
export function makePowers(options: PowerOptions): Powers {
  const context: Record<string, unknown> = {}
  const globals: Record<string, unknown> = {}
  const modules: Record<string, unknown> = {}
  for (const make of makers) {
    const power = make(options)
    Object.assign(context, power.context)
    Object.assign(globals, power.globals)
    Object.assign(modules, power.modules)
  }
  return { context, globals, modules }
}
