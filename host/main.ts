import { parseArgs } from 'node:util'
import { textOf } from '#host/errors.ts'
import { runServer } from '#host/run.ts'
import { type ServerFlags, serverOptions } from '#host/server-flags.ts'

function readFlags(): ServerFlags {
  const text = { type: 'string' } as const
  const options = { etc: text, data: text, log: text, plugins: text, ip: text, port: text }
  return parseArgs({ options }).values
}

function main(): Promise<number> {
  try {
    return runServer(serverOptions(readFlags()))
  } catch (error) {
    process.stderr.write(`plutino: ${textOf(error)}\n`)
    return Promise.resolve(2)
  }
}

// whatever still holds the process, such as a thread that cannot be ended, has had its time
process.exit(await main())
