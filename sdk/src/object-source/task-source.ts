import type { Consumer, ErrorChannel, Rewindable, Source, SourceContext } from '../source.ts'
import type { SourceTuple } from '../tuple.ts'
import type { SourceRecord } from './record.ts'
import { defaultTuple, linesTuple } from './record-tuple.ts'
import type { AbstractSourceTask } from './task.ts'

/** Makes a tuple of a record. */
export type ToTuple = (record: SourceRecord) => SourceTuple

/**
 * Makes a source of a task: export what this returns.
 *
 * @example
 * export const orders = taskSource(() => new OrdersTask())
 */
export function taskSource(
  make: () => AbstractSourceTask,
  toTuple: ToTuple = defaultTuple,
): new () => Source & Rewindable {
  return class extends TaskSource {
    constructor() {
      super(make(), toTuple)
    }
  }
}

/** A task as a source: configure, rewind, open, close in the order of the host. */
class TaskSource implements Source, Rewindable {
  /** Objects that come late may lie between those that were read. */
  readonly isRepeatable = false
  readonly #task: AbstractSourceTask
  readonly #toTuple: ToTuple
  #consumer: Consumer | undefined
  #takesLines = false
  #delivering: Promise<void> = Promise.resolve()

  constructor(task: AbstractSourceTask, toTuple: ToTuple) {
    this.#task = task
    this.#toTuple = toTuple
  }

  /** The task finds the stream's DATASOURCE among its properties as `datasource`. */
  async configure(datasource: string, props: Record<string, unknown>): Promise<void> {
    await this.#task.prepare({ datasource, ...props })
  }

  async open(ctx: SourceContext, consumer: Consumer, _errCh: ErrorChannel): Promise<void> {
    this.#consumer = consumer
    const { instances } = ctx
    this.#takesLines = ctx.takesLines === true && this.#toTuple === defaultTuple
    await this.#task.start({
      logger: ctx.logger,
      state: ctx,
      powers: ctx,
      prefix: `object-source/${ctx.operatorId}`,
      taskId: instances === undefined ? undefined : ctx.instanceId,
      tasks: instances,
      now: () => ctx.clock.now(),
      takesLines: this.#takesLines,
    })
    ctx.ready()
    if (ctx.signal.aborted) this.#task.halt()
    else ctx.signal.addEventListener('abort', () => this.#task.halt(), { once: true })
    this.#delivering = this.#deliverAll(consumer, ctx.signal)
    await this.#delivering
  }

  async close(_ctx: SourceContext): Promise<void> {
    await this.#task.close(async (signal) => {
      await this.#delivering.catch(() => {})
      if (this.#consumer !== undefined) await this.#deliverQueued(this.#consumer, signal)
    })
  }

  getOffset(): unknown {
    return this.#task.getOffset()
  }

  async rewind(offset: unknown, since?: readonly unknown[]): Promise<void> {
    await this.#task.rewind(offset, since)
  }

  /** The number of instances was another: each knows what all had, and takes what is its own now. */
  async rewindAll(offsets: readonly unknown[], since?: readonly unknown[]): Promise<void> {
    await this.#task.rewind(offsets, since)
  }

  async #deliverAll(consumer: Consumer, signal: AbortSignal): Promise<void> {
    while (this.#task.isRunning) {
      await this.#deliverQueued(consumer, signal)
      await this.#task.waitForRecords()
    }
  }

  async #deliverQueued(consumer: Consumer, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const record = this.#task.takeRecord()
      if (record === undefined) return
      const tuple = this.#takesLines ? linesTuple(record, this.#task) : undefined
      const wait = consumer(tuple ?? this.#toTuple(record))
      if (wait === undefined) continue
      this.#task.flush()
      await wait
    }
    this.#task.flush()
  }
}
