import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Outcome } from '#host/run.ts'
import type { ServerFlags } from '#host/server-flags.ts'

// stripped types and compiled code of some 500 modules, kept from one start to the next
enableCompileCache(join(import.meta.dirname, '../.cache/compile'))
const [{ leave, runServer }, { flagsOf, serverOptions }, { textOf }] = await Promise.all([
  import('#host/run.ts'),
  import('#host/server-flags.ts'),
  import('#host/errors.ts'),
])

function readFlags(): ServerFlags {
  const text = { type: 'string' } as const
  const supervised = { type: 'boolean' } as const
  const options = { etc: text, data: text, log: text, plugins: text, ip: text, port: text }
  return parseArgs({ options: { ...options, supervised } }).values
}

async function main(): Promise<Outcome> {
  try {
    const flags = readFlags()
    // checked before anything is started
    const options = serverOptions(flags)
    if (flags.supervised !== true) return await runServer(options)
    const { supervise } = await import('#host/supervisor.ts')
    return { code: await supervise(flagsOf(flags)), isStuck: false }
  } catch (error) {
    process.stderr.write(`plutino: ${textOf(error)}\n`)
    return { code: 2, isStuck: false }
  }
}

leave(await main())
