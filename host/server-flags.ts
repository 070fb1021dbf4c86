import { statSync } from 'node:fs'
import { HostError } from '#host/errors.ts'
import type { ServerOptions } from '#host/server.ts'

/** Of `plutino server`. They win over the environment and the file. */
export interface ServerFlags {
  readonly etc?: string | undefined
  readonly data?: string | undefined
  readonly log?: string | undefined
  readonly plugins?: string | undefined
  readonly ip?: string | undefined
  readonly port?: string | undefined
  /** In a process of its own, which is started again when it dies. */
  readonly supervised?: boolean | undefined
}

export function serverOptions({
  etc,
  port,
  supervised: _,
  ...folders
}: ServerFlags): ServerOptions {
  if (etc !== undefined) checkFolder(etc)
  return { etc, overrides: { ...folders, port: port === undefined ? undefined : readPort(port) } }
}

/** A mistyped one would be a server with default options, and without grants and secrets. */
function checkFolder(etc: string): void {
  if (statSync(etc, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new HostError(
    'bad-option',
    `--etc ${etc} is no folder; leave it out to start with etc here`,
  )
}

function readPort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (port >= 0 && port <= 65_535) return port
  throw new HostError('bad-option', `--port must be a whole number from 0 to 65535, not "${text}"`)
}

/** Back to words of a command line, for the process that does the work. */
export function flagsOf({ supervised: _, ...flags }: ServerFlags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    return typeof value === 'string' ? [`--${name}`, value] : []
  })
}
