import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Client } from '../client.ts'
import type { OpenSession } from '../session.ts'

interface DevFlags {
  readonly sql?: string
  readonly inspect?: boolean
}

/** `plugin dev`: a plugin project in a live rule, loaded again at every save. */
export function pluginDevCommand(plugin: Command, open: OpenSession): void {
  plugin
    .command('dev')
    .description(
      'runs a plugin project in a live rule, and again at every save, until Ctrl-C; on a host of its own, or on that of --url',
    )
    .argument('[folder]', 'with package.json', '.')
    .option(
      '--sql <statement>',
      'the rule, over stream plugin_dev; a project of functions needs it: SELECT greet(1) FROM plugin_dev',
    )
    .option('--inspect', 'for breakpoints: runs it trusted, with Node’s inspector open')
    .action(async (folder: string, { sql, inspect = false }: DevFlags, command: Command) => {
      const { develop, hostFolder } = await import('#host/authoring/dev.ts')
      const isOwn = command.parent?.parent?.getOptionValueSource('url') !== 'cli'
      const end = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort())
      const note = (text: string) => void process.stderr.write(`${text}\n`)
      const run = (client: Client) =>
        develop(client, {
          folder: resolve(folder),
          sql,
          tier: inspect ? 'trusted' : 'sandboxed',
          signal: end.signal,
          row: (text) => void process.stdout.write(`${text}\n`),
          note,
        })
      if (!isOwn) return run(open().client)
      const base = await hostFolder(inspect)
      const { startServer } = await import('#host/server.ts')
      if (inspect) (await import('node:inspector')).open(0, '127.0.0.1')
      const overrides = { port: 0, consoleLog: true }
      const server = await startServer({ base, environment: {}, overrides })
      try {
        await run(new Client(server.url))
      } finally {
        await server.close()
        await rm(base, { recursive: true, force: true, maxRetries: 5 })
      }
    })
}
