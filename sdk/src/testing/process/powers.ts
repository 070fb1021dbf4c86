import type { Secrets } from '../../context.ts'
import type { Files } from '../../files.ts'
import type { Network } from '../../network.ts'
import type { TestOptions } from '../bench.ts'

/** The granted part of a context. */
export interface ProcessPowers extends Network {
  readonly files: Files
  readonly secrets: Secrets
}

/** What the test grants, over what Node has; everything else refuses as in the sandbox. */
export function processPowers(options: TestOptions, files: Files, network: Network): ProcessPowers {
  const { secrets = {} } = options
  return {
    ...network,
    files,
    secrets: {
      async get(name) {
        if (Object.hasOwn(secrets, name)) return secrets[name] ?? ''
        throw denied('secrets', name)
      },
    },
  }
}

/** As the host refuses. */
export function denied(power: string, to: string): Error {
  const error = new Error(`${power} ${to} was not granted: give it by option grants of the test`)
  return Object.assign(error, { code: 'ERR_PLUGIN_DENIED' })
}
