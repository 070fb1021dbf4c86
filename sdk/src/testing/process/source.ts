import type { Consumer, PullSource, Rewindable, Source, SourceContext } from '../../source.ts'
import { type Data, isSourceTuple, type Meta, type SourceTuple } from '../../tuple.ts'
import type { TestTuple, Use } from '../bench.ts'
import { faultOf } from '../fault.ts'

export interface SourceOutlet {
  tuples(tuples: readonly TestTuple[]): void
  failed(error: unknown): void
  ended(): void
  context(more: object): SourceContext
}

/** A source in this process, called in the order in which the host does. */
export class ProcessSource {
  readonly #source: (Source | PullSource) & Partial<Rewindable>
  readonly #outlet: SourceOutlet
  readonly #context: SourceContext
  #ready: () => void = () => {}
  #isOver = false

  constructor(instance: object, outlet: SourceOutlet) {
    this.#source = instance as Source
    this.#outlet = outlet
    this.#context = outlet.context({
      ready: () => this.#ready(),
      end: () => this.#end(),
      instances: 1,
    })
  }

  /** Resolves when it counts as open: `open` has returned, said that it is ready, or brought its first tuple. */
  async open({ datasource, props, restore }: Use): Promise<void> {
    await this.#source.configure(datasource, structuredClone(props) as Record<string, unknown>)
    if (restore?.offset !== undefined) await this.#source.rewind?.(structuredClone(restore.offset))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let isOpen = false
    this.#ready = () => {
      isOpen = true
      resolve()
    }
    this.#run().then(
      (isBounded) => {
        this.#ready()
        if (isBounded) this.#end()
      },
      (error: unknown) => {
        if (faultOf(error).code === 'end-of-input') {
          this.#ready()
          this.#end()
        } else if (isOpen) this.fail(error)
        else reject(error)
      },
    )
    await promise
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#source.close(this.#context)
  }

  fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outlet.failed(error)
  }

  /** @returns whether that it settled is the end of the source: so in pull style */
  async #run(): Promise<boolean> {
    const consumer: Consumer = (data, meta) => this.#take(data, meta)
    const opened: unknown = await Reflect.apply(this.#source.open, this.#source, [
      this.#context,
      consumer,
      (reason: Error) => this.fail(reason),
    ])
    if (!isAsyncIterable(opened)) return false
    this.#ready()
    for await (const data of opened) {
      if (this.#isOver) break
      await this.#take(data as Data)
    }
    return true
  }

  #take(data: Parameters<Consumer>[0], meta?: Meta): undefined {
    if (this.#isOver) throw new Error('consumer: the source has ended')
    const several = Array.isArray(data) ? (data as (Data | SourceTuple)[]) : [data as Data]
    const offset = structuredClone(this.#source.getOffset?.())
    this.#outlet.tuples(several.map((each) => tupleOf(each, meta, offset)))
    this.#ready()
    return undefined
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outlet.ended()
  }
}

function tupleOf(data: Data | SourceTuple, meta: Meta | undefined, offset: unknown): TestTuple {
  if (typeof data !== 'object' || data === null) {
    throw new TypeError(
      `tuple: a row or bytes are wanted, not ${data === null ? 'null' : typeof data}`,
    )
  }
  const own = isSourceTuple(data) ? data : { message: data, meta, timestamp: undefined }
  return {
    message: structuredClone(own.message),
    meta: structuredClone(own.meta ?? meta),
    timestamp: own.timestamp,
    offset,
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
