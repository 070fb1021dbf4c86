import { randomUUID } from 'node:crypto'
import { textOf } from '#host/errors.ts'
import { InstallError } from './errors.ts'
import type { InstallRun, Progress } from './progress.ts'

export type JobState = 'running' | 'done' | 'failed' | 'cancelled'

/** A long piece of work as a client sees it. */
export interface Job extends Progress {
  readonly id: string
  /** `install of http://…/random.zip` */
  readonly title: string
  readonly state: JobState
  readonly startedAt: number
  readonly endedAt?: number | undefined
  /** Of one that is done: what the call without a job would have answered. */
  readonly answer?: string | undefined
  readonly error?: { readonly code: string; readonly message: string } | undefined
}

interface Entry {
  job: Job
  readonly abort: AbortController
  readonly listeners: Set<(job: Job) => void>
  readonly over: Promise<void>
}

/** Under way or waiting at one time. */
const MAX_RUNNING = 16
/** That came to their end, for whoever asks later. */
const MAX_KEPT = 50

/** Installations that are not waited for: how far they are, what came of them, and how to call them off. */
export class InstallJobs {
  readonly #entries = new Map<string, Entry>()

  /** @throws InstallError `too-many-jobs` */
  start(title: string, work: (run: InstallRun) => Promise<string>): Job {
    const running = [...this.#entries.values()].filter(({ job }) => job.state === 'running')
    if (running.length >= MAX_RUNNING) {
      throw new InstallError(
        'too-many-jobs',
        `${running.length} installations are under way; wait for one of them, or call one off with DELETE /plugins/jobs/{id}`,
      )
    }
    const abort = new AbortController()
    const id = randomUUID()
    const job: Job = { id, title, state: 'running', step: 'waiting', startedAt: Date.now() }
    const over = Promise.withResolvers<void>()
    const entry: Entry = { job, abort, listeners: new Set(), over: over.promise }
    this.#entries.set(id, entry)
    const progress = (news: Progress) => this.#tell(entry, news)
    void work({ signal: abort.signal, progress })
      .then(
        (answer) => this.#tell(entry, { step: 'done', state: 'done', answer }),
        (error: unknown) => this.#tell(entry, failureOf(error, abort.signal.aborted)),
      )
      .finally(() => {
        this.#forgetOld()
        over.resolve()
      })
    return entry.job
  }

  get(id: string): Job | undefined {
    return this.#entries.get(id)?.job
  }

  /** The latest first. */
  list(): Job[] {
    return [...this.#entries.values()].map(({ job }) => job).reverse()
  }

  /** Resolves when it has come to its end, which may be another one when it was too late. */
  async cancel(id: string): Promise<Job | undefined> {
    const entry = this.#entries.get(id)
    entry?.abort.abort()
    await entry?.over
    return entry?.job
  }

  /** Told at once how far it is, then every change. @returns stops it */
  listen(id: string, listener: (job: Job) => void): () => void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return () => {}
    listener(entry.job)
    entry.listeners.add(listener)
    return () => entry.listeners.delete(listener)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((id) => this.cancel(id)))
  }

  #tell(entry: Entry, news: Partial<Job>): void {
    const isOver = news.state !== undefined
    entry.job = { ...entry.job, ...news, ...(isOver ? { endedAt: Date.now() } : {}) }
    for (const listener of entry.listeners) listener(entry.job)
    if (isOver) entry.listeners.clear()
  }

  #forgetOld(): void {
    const over = [...this.#entries.values()].filter(({ job }) => job.state !== 'running')
    for (const { job } of over.slice(0, Math.max(0, over.length - MAX_KEPT)))
      this.#entries.delete(job.id)
  }
}

function failureOf(error: unknown, isCalledOff: boolean): Partial<Job> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal'
  return {
    state: isCalledOff ? 'cancelled' : 'failed',
    error: { code: isCalledOff ? 'cancelled' : code, message: textOf(error) },
  }
}
