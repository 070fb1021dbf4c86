import { HostError, textOf } from '#host/errors.ts'
import { type RunningServer, type ServerOptions, startServer } from '#host/server.ts'
import { readVersion } from '#host/version.ts'

/**
 * Runs a server until it is told to stop: SIGINT, SIGTERM or POST /stop.
 *
 * @returns the exit code of the process
 */
export async function runServer(options: ServerOptions): Promise<number> {
  // who reads the console may go; the server stays
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  let server: RunningServer
  try {
    server = await startServer(options)
  } catch (error) {
    process.stderr.write(`plutino: ${error instanceof HostError ? textOf(error) : detail(error)}\n`)
    return 1
  }
  // what goes wrong where nobody waits for it must not end the host, and every rule with it
  process.on('unhandledRejection', (reason) => {
    server.log.logger.error({ err: reason }, `an error that nobody waited for: ${textOf(reason)}`)
  })
  server.log.logger.info(readyLine(server))
  const signal = await stopSignal(server)
  server.log.logger.info(`stopping (${signal})`)
  await server.close()
  return 0
}

function readyLine({ url, ip }: RunningServer): string {
  const isLocal = ip === '127.0.0.1' || ip === '::1'
  const open = isLocal
    ? ' for this machine only; --ip 0.0.0.0 or basic.restIp opens it to others'
    : ''
  return `plutino ${readVersion()} is ready on ${url}${open}; its API is described at ${url}/docs`
}

/** On Ctrl-C npm passes on what the terminal has sent already: two that come together are one. */
const patienceMs = 1000

/** A second signal, later, ends the process at once. */
function stopSignal(server: RunningServer): Promise<string> {
  return new Promise((resolve) => {
    let first: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        first ??= performance.now()
        if (performance.now() - first > patienceMs) process.exit(1)
        resolve(signal)
      })
    }
    server.stopRequested.then(() => resolve('POST /stop'), resolve)
  })
}

function detail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
