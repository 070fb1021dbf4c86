import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Outcome } from '#host/run.ts'
import type { ServerFlags } from '#host/server-flags.ts'

// before anything takes its time
const parent = process.ppid
// stripped types and compiled code of some 500 modules, kept from one start to the next
enableCompileCache(join(import.meta.dirname, '../.cache/compile'))
const [{ leave, runServer }, { flagsOf, serverOptions }, { stopWithParent }, { textOf }] =
  await Promise.all([
    import('#host/run.ts'),
    import('#host/server-flags.ts'),
    import('#host/parent-watch.ts'),
    import('#host/errors.ts'),
  ])

/** Of `npm start`: the server ends when what started it is gone. */
interface Flags extends ServerFlags {
  readonly 'with-parent'?: boolean | undefined
}

function readFlags(): Flags {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = { etc: text, data: text, log: text, plugins: text, ip: text, port: text }
  return parseArgs({ options: { ...options, supervised: flag, 'with-parent': flag } }).values
}

async function main(): Promise<Outcome> {
  try {
    const { 'with-parent': withParent, ...flags } = readFlags()
    if (withParent === true) stopWithParent(parent)
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
