import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ServerFlags } from '#host/server-flags.ts'

// stripped types and compiled code of some 500 modules, kept from one start to the next
enableCompileCache(join(import.meta.dirname, '../.cache/compile'))
const [{ runServer }, { serverOptions }, { textOf }] = await Promise.all([
  import('#host/run.ts'),
  import('#host/server-flags.ts'),
  import('#host/errors.ts'),
])

function readFlags(): ServerFlags {
  const text = { type: 'string' } as const
  const options = { etc: text, data: text, log: text, plugins: text, ip: text, port: text }
  return parseArgs({ options }).values
}

async function main(): Promise<number> {
  try {
    return await runServer(serverOptions(readFlags()))
  } catch (error) {
    process.stderr.write(`plutino: ${textOf(error)}\n`)
    return 2
  }
}

// whatever still holds the process, such as a thread that cannot be ended, has had its time
process.exit(await main())
