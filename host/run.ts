import { takeEnvironment } from '#host/config/environment.ts'
import { HostError, textOf } from '#host/errors.ts'
import { type RunningServer, type ServerOptions, startServer } from '#host/server.ts'
import { StopSignal } from '#host/stop-signal.ts'
import { replaceMe, type Supervision, supervisionOf } from '#host/supervision.ts'
import { readVersion } from '#host/version.ts'

/** How the process is to end. */
export interface Outcome {
  readonly code: number
  /** A thread cannot be ended: an orderly exit would wait for it for ever. */
  readonly isStuck: boolean
}

/**
 * Runs a server until it is told to stop: SIGINT, SIGTERM or POST /stop; or, under a supervisor, until it should be
 * replaced.
 */
export async function runServer(options: ServerOptions): Promise<Outcome> {
  // who reads the console may go; the server stays
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const supervision = supervisionOf(process)
  // before anything is there that a signal would leave half done
  const signal = new StopSignal()
  let server: RunningServer
  try {
    server = await startServer({
      environment: takeEnvironment(process.env),
      goTo: (folder) => process.chdir(folder),
      ...options,
    })
  } catch (error) {
    process.stderr.write(`plutino: ${error instanceof HostError ? textOf(error) : detail(error)}\n`)
    return { code: 1, isStuck: false }
  }
  signal.isStuck = () => server.isStuck
  // what goes wrong where nobody waits for it must not end the host, and every rule with it
  process.on('unhandledRejection', (reason) => {
    server.log.logger.error({ err: reason }, `an error that nobody waited for: ${textOf(reason)}`)
  })
  server.log.logger.info(readyLine(server))
  supervision?.tell({ type: 'ready' })
  const { reason, code } = await endOf(server, signal, supervision)
  server.log.logger.info(`stopping (${reason})`)
  await server.close()
  supervision?.tell({ type: 'closed', code })
  // a supervisor ends what does not end by itself, and still learns the code
  return { code, isStuck: server.isStuck && supervision === undefined }
}

interface End {
  readonly reason: string
  readonly code: number
}

function endOf(
  server: RunningServer,
  { received }: StopSignal,
  supervision: Supervision | undefined,
): Promise<End> {
  const stop = (reason: string): End => ({ reason, code: 0 })
  const ends = [received.then(stop), server.stopRequested.then(() => stop('POST /stop'))]
  if (supervision !== undefined) {
    ends.push(supervision.orphaned.then(() => stop('its supervisor is gone')))
    ends.push(server.replaceRequested.then((reason) => ({ reason, code: replaceMe })))
  }
  return Promise.race(ends)
}

/** Ends this process, whatever still holds it: all that had to be closed is. */
export function leave({ code, isStuck }: Outcome): never {
  // exit waits for all threads, and one in native code never ends
  if (isStuck) process.kill(process.pid, 'SIGKILL')
  process.exit(code)
}

function readyLine({ url, ip }: RunningServer): string {
  const isLocal = ip === '127.0.0.1' || ip === '::1'
  const open = isLocal
    ? ' for this machine only; --ip 0.0.0.0 or basic.restIp opens it to others'
    : ''
  return `plutino ${readVersion()} is ready on ${url}${open}; its API is described at ${url}/docs`
}

function detail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
