import { Worker } from 'node:worker_threads'
import { NotConnected, Retryable } from '@plutino/sdk'
import type {
  TableRequest,
  TableRows,
  ThreadAnswer,
  ThreadQuestion,
  Trouble,
} from './table-request.ts'

interface Asked {
  readonly answer: PromiseWithResolvers<TableRows>
  readonly deadline: NodeJS.Timeout
}

export interface LookupThreadOptions {
  /** How long a question may take, ms: a thread that does not answer is ended. @default 60000 */
  readonly deadlineMs?: number | undefined
}

/**
 * The thread that reads the lookup tables of a cell, so that no query and no long answer holds up the main thread. Runs
 * as long as a table is open; one that has died is there again with the next question.
 */
export class LookupThread {
  readonly #deadlineMs: number
  readonly #asked = new Map<number, Asked>()
  #worker: Worker | undefined
  #users = 0
  #next = 1

  constructor({ deadlineMs = 60_000 }: LookupThreadOptions = {}) {
    this.#deadlineMs = deadlineMs
  }

  /** A table is open: `ask` may be called until it is released. Boots the thread, so that no row waits for that. */
  acquire(): void {
    this.#users++
    this.#worker ??= this.#boot()
  }

  release(): void {
    this.#users--
    if (this.#users === 0) this.#end(new NotConnected('the lookup table was closed'))
  }

  /** @throws NotConnected, Retryable: it may be better later; Error: it will not */
  ask(request: TableRequest): Promise<TableRows> {
    this.#worker ??= this.#boot()
    const worker = this.#worker
    const id = this.#next++
    const answer = Promise.withResolvers<TableRows>()
    const deadline = setTimeout(() => {
      const text = `a lookup table gave no answer within ${this.#deadlineMs} ms: its thread was ended`
      this.#end(new Retryable(text))
    }, this.#deadlineMs).unref()
    this.#asked.set(id, { answer, deadline })
    worker.ref()
    worker.postMessage({ id, ...request } satisfies ThreadQuestion)
    return answer.promise
  }

  #boot(): Worker {
    const worker = new Worker(new URL('./thread-entry.ts', import.meta.url), {
      name: 'plutino lookup tables',
      env: {},
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    worker.on('message', (answer: ThreadAnswer) => this.#answered(answer))
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#end(new Retryable(`the lookup thread died: ${error}`))
    })
    worker.unref()
    return worker
  }

  #answered(answer: ThreadAnswer): void {
    const asked = this.#asked.get(answer.id)
    if (asked === undefined) return
    this.#asked.delete(answer.id)
    if (this.#asked.size === 0) this.#worker?.unref()
    clearTimeout(asked.deadline)
    if ('rows' in answer) asked.answer.resolve(answer.rows)
    else asked.answer.reject(errorOf(answer.trouble, answer.message))
  }

  /** Does not wait: a thread within a query of SQLite ends when that does. */
  #end(reason: Error): void {
    const worker = this.#worker
    this.#worker = undefined
    for (const { answer, deadline } of this.#asked.values()) {
      clearTimeout(deadline)
      answer.reject(reason)
    }
    this.#asked.clear()
    void worker?.terminate()
  }
}

function errorOf(trouble: Trouble, message: string): Error {
  if (trouble === 'not-connected') return new NotConnected(message)
  return trouble === 'retryable' ? new Retryable(message) : new Error(message)
}
