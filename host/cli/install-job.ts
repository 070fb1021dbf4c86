import type { Client } from './client.ts'
import { CliError, exitCodes } from './exit.ts'
import { at } from './session.ts'
import { shellText } from './shell-text.ts'

/** What `GET /plugins/jobs/{id}/events` tells. */
interface Job {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  readonly step: string
  readonly bytes?: number | undefined
  readonly total?: number | undefined
  readonly answer?: string | undefined
  readonly error?: { readonly message: string } | undefined
}

export interface JobCall {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: unknown
}

const BAR = 24

/** Has the server do it as a job, shows how far it is, and calls it off at Ctrl-C. @returns the answer */
export async function followJob(
  client: Client,
  { method, path, body }: JobCall,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<unknown> {
  const made = await client.request(method, `${path}?async=true`, body)
  if (!isJob(made)) return made
  const abort = new AbortController()
  const interrupt = () => {
    stream.write(stream.isTTY ? '\r\x1b[Kcalling it off\n' : 'calling it off\n')
    void client.request('DELETE', at('plugins', 'jobs', made.id)).catch(() => abort.abort())
  }
  process.on('SIGINT', interrupt)
  const show = shower(stream)
  let job: Job = made
  try {
    for await (const data of await client.events(
      at('plugins', 'jobs', made.id, 'events'),
      abort.signal,
    )) {
      const news: unknown = JSON.parse(data)
      if (!isJob(news)) continue
      job = news
      show(job)
    }
  } finally {
    process.off('SIGINT', interrupt)
    if (stream.isTTY) stream.write('\r\x1b[K')
  }
  if (job.state === 'done') return job.answer && shellText(job.answer)
  if (job.state !== 'running')
    throw new CliError(exitCodes.refused, shellText(job.error?.message ?? job.state))
  throw new CliError(
    exitCodes.unreachable,
    `the server has gone away at step "${job.step}"; when it is back, look with: plutino plugin list`,
  )
}

/** One line that changes on a terminal; a line for each step where something else reads. */
function shower(stream: NodeJS.WriteStream): (job: Job) => void {
  let last = ''
  return (job) => {
    if (job.state !== 'running') return
    if (stream.isTTY) {
      stream.write(`\r\x1b[K${barOf(job)}`)
      return
    }
    if (job.step === last || job.step === 'waiting') return
    last = job.step
    stream.write(`${job.step}${job.step === 'downloaded' ? ` ${job.bytes} bytes` : ''}\n`)
  }
}

function barOf({ step, bytes, total }: Job): string {
  if (step !== 'downloading' || bytes === undefined) return `${step} …`
  if (total === undefined || total === 0) return `${step} ${kilobytes(bytes)} kB`
  const full = Math.min(BAR, Math.floor((bytes / total) * BAR))
  return `${step} [${'#'.repeat(full)}${' '.repeat(BAR - full)}] ${kilobytes(bytes)} of ${kilobytes(total)} kB`
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0)
}

function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && 'id' in value && 'state' in value
}
