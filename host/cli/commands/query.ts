import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { CliError, exitCodes } from '../exit.ts'
import { at, type OpenSession, type Session } from '../session.ts'

interface QueryOptions {
  readonly count?: string | undefined
  readonly timeout?: string | undefined
}

/** Runs a SELECT as a temporary rule and prints its rows until it is interrupted. */
export function queryCommand(program: Command, open: OpenSession): void {
  program
    .command('query')
    .description('runs a SELECT and prints its rows, one JSON a line, until Ctrl-C')
    .argument('<sql>', 'over streams that there are: SELECT * FROM demo')
    .option('-n, --count <rows>', 'ends after so many rows')
    .option('-t, --timeout <seconds>', 'ends after so many seconds')
    .action(async (sql: string, options: QueryOptions) => {
      const count = readNumber('--count', options.count)
      const seconds = readNumber('--timeout', options.timeout)
      await query(open(), sql, count ?? Infinity, seconds)
    })
}

async function query(
  { client }: Session,
  sql: string,
  count: number,
  seconds?: number,
): Promise<void> {
  const id = `query_${randomUUID().slice(0, 8)}`
  const actions = [{ rows: {} }]
  await client.request('POST', '/rules', { id, sql, actions, temp: true, triggered: false })
  const end = new AbortController()
  const interrupt = () => end.abort()
  process.on('SIGINT', interrupt)
  const timer = seconds === undefined ? undefined : setTimeout(interrupt, seconds * 1000)
  let left = count
  try {
    // the server drops the rule when this connection ends, however it does
    const events = await client.events(`${at('rules', id, 'rows')}?drop=true`, end.signal)
    const started = client.request('POST', at('rules', id, 'start'))
    const failed = started.then(() => failureOf(client, id, end.signal))
    failed.then(interrupt, interrupt)
    for await (const payload of events) {
      for (const row of rowsOf(payload)) {
        if (left-- <= 0) break
        process.stdout.write(`${row}\n`)
      }
      if (left <= 0) break
    }
    interrupt()
    const message = await failed
    if (message !== undefined) throw new CliError(exitCodes.refused, message)
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', interrupt)
    end.abort()
    await client.request('DELETE', at('rules', id)).catch(() => {}) // the server was quicker
  }
}

/** ms between two looks at the status. */
const LOOK_MS = 1000

/**
 * Looks at the rule behind the query until the signal, and tells what it waits for: a source whose broker is down gives no
 * rows, and that is no error.
 *
 * @returns why it does not run: a start that fails is the rule's status, not an answer
 */
async function failureOf(
  client: Session['client'],
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let told = ''
  for (let looks = 1; !signal.aborted; looks++) {
    // that the server is gone is told by the connection that rows come by
    const status = await client.request('GET', `${at('rules', id)}/status`).catch(() => ({}))
    const { status: state, message = '' } = status as { status?: unknown; message?: unknown }
    if (state === 'stopped by error') return String(message)
    // what is not there at once may be there in a moment
    if (looks > 1 && message !== told) {
      told = String(message)
      if (told !== '') process.stderr.write(`the query waits: ${told}\n`)
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
  return undefined
}

/** A payload is the rows of one emission, or a text. */
function rowsOf(payload: string): string[] {
  try {
    const value: unknown = JSON.parse(payload)
    return Array.isArray(value) ? value.map((row) => JSON.stringify(row)) : [payload]
  } catch {
    return [payload]
  }
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new CliError(exitCodes.usage, `${name} must be a number above 0, not "${text}"`)
}
