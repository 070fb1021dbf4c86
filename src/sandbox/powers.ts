import { filePower } from './file-power.ts'
import type { MakePower, PowerOptions } from './power.ts'
import { secretPower } from './secret-power.ts'
import { socketPower } from './sockets/socket-power.ts'
import { fetchPower } from './web/fetch.ts'

/** All of them together. */
export interface Powers {
  readonly context: Readonly<Record<string, unknown>>
  readonly globals: Readonly<Record<string, unknown>>
  readonly modules: Readonly<Record<string, unknown>>
}

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
