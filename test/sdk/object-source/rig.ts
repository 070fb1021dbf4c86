import { setImmediate } from 'node:timers/promises'
import {
  AbstractSourceTask,
  type BackoffConfig,
  type Codecs,
  ObjectRecordIterator,
  type ObjectStore,
  type ResumableIterator,
  type Sleep,
  type SourceCommonConfig,
  type SourceRecord,
  sourceConfig,
  type TaskContext,
  type TaskSetup,
  type Transformer,
} from '@plutino/sdk/object-source'

/** A clock that stands still, but for jumps to the next timer when nothing else is to be done. */
export class VirtualTime {
  #now = 0
  readonly #timers = new Set<{ at: number; wake: () => void }>()
  /** All sleeps so far, in ms. */
  readonly slept: number[] = []

  now = (): number => this.#now

  sleep: Sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = () => {
        this.#timers.delete(timer)
        reject(Object.assign(new Error('aborted'), { name: 'AbortError' }))
      }
      if (signal?.aborted) return abort()
      this.slept.push(ms)
      const timer = {
        at: this.#now + ms,
        wake: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      this.#timers.add(timer)
      signal?.addEventListener('abort', abort, { once: true })
    })

  /** Lets time pass until the promise settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    for (;;) {
      for (let i = 0; i < 4 && !settled; i++) await setImmediate()
      if (settled) return promise
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0]
      if (next === undefined) continue
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
  }

  async pass(ms: number): Promise<void> {
    await this.until(this.sleep(ms))
  }
}

export class MemoryState {
  readonly #map = new Map<string, unknown>()
  putState(key: string, value: unknown): void {
    this.#map.set(key, structuredClone(value))
  }
  getState(key: string): unknown {
    return structuredClone(this.#map.get(key))
  }
  deleteState(key: string): void {
    this.#map.delete(key)
  }
  /** What a checkpoint has of it. */
  copy(): MemoryState {
    const copy = new MemoryState()
    for (const [key, value] of this.#map) copy.putState(key, value)
    return copy
  }
  get bytes(): number {
    let sum = 0
    for (const value of this.#map.values()) sum += (value as Uint8Array).length
    return sum
  }
}

export interface Log {
  readonly lines: string[]
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

export function memoryLog(): Log {
  const lines: string[] = []
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`)
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export interface StoredObject {
  readonly key: string
  readonly bytes: Uint8Array
  readonly etag: string
  readonly lastModified: number
}

/** Objects in memory, in the order of their keys, with faults on order. */
export class MemoryStore implements ObjectStore<string, StoredObject> {
  readonly objects = new Map<string, StoredObject>()
  readonly opened: string[] = []
  readonly listed: (string | undefined)[] = []
  closed = 0
  chunkBytes = 64
  /** Called before every chunk; what it throws breaks the body. */
  onChunk: (key: string, at: number) => void = () => {}
  onOpen: (key: string) => void = () => {}
  onList: () => void = () => {}
  clock = 1

  put(key: string, content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const n = this.clock++
    this.objects.set(key, { key, bytes, etag: `e${n}`, lastModified: n })
  }

  async *list(startAfter: string | undefined): AsyncGenerator<StoredObject> {
    this.onList()
    this.listed.push(startAfter)
    for (const key of [...this.objects.keys()].sort()) {
      const object = this.objects.get(key)
      if (object !== undefined && (startAfter === undefined || key > startAfter)) yield object
    }
  }

  async open(
    { key, bytes }: StoredObject,
    range?: { offset: number },
  ): Promise<AsyncIterable<Uint8Array>> {
    this.opened.push(key)
    this.onOpen(key)
    return this.#stream(key, bytes, range?.offset ?? 0)
  }

  async *#stream(key: string, bytes: Uint8Array, from: number): AsyncGenerator<Uint8Array> {
    try {
      for (let at = from; at < bytes.length; at += this.chunkBytes) {
        this.onChunk(key, at)
        yield bytes.slice(at, at + this.chunkBytes)
      }
    } finally {
      this.closed++
    }
  }

  nativeKey = ({ key }: StoredObject): string => key
  keyParts = ({ key }: StoredObject) => ({ bucket: 'b', objectKey: key })
  parseNativeKey = (text: string): string => text
  size = ({ bytes }: StoredObject): number => bytes.length
  version = ({ etag }: StoredObject): string => etag
  lastModified = ({ lastModified }: StoredObject): number => lastModified
}

export function lines(name: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `${JSON.stringify({ id: i, from: name })}\n`).join(
    '',
  )
}

/** A task over a memory store, or over any iterator. */
export class TestTask extends AbstractSourceTask {
  closes = 0
  backoff: BackoffConfig | undefined
  readonly #make: (task: TestTask, context: TaskContext) => ResumableIterator<SourceRecord>
  onClose: () => void | Promise<void> = () => {}

  constructor(make: (task: TestTask, context: TaskContext) => ResumableIterator<SourceRecord>) {
    super()
    this.#make = make
  }

  protected override configure(props: Readonly<Record<string, unknown>>): SourceCommonConfig {
    return sourceConfig(props)
  }

  protected override getIterator(backoff: BackoffConfig): ResumableIterator<SourceRecord> {
    this.backoff = backoff
    return this.#make(this, this.context)
  }

  protected override closeResources(): void | Promise<void> {
    this.closes++
    return this.onClose()
  }

  get settings(): SourceCommonConfig {
    return this.config
  }
}

export interface StoreTaskParts {
  readonly transformers?: readonly Transformer[] | undefined
  readonly codecs?: Codecs | undefined
}

export function storeTask(store: MemoryStore, parts: StoreTaskParts = {}) {
  const made: { iterator?: ObjectRecordIterator<string, StoredObject> } = {}
  const task = new TestTask((self, context) => {
    made.iterator = new ObjectRecordIterator({ store, config: self.settings, context, ...parts })
    return made.iterator
  })
  return { task, made }
}

export function setup(
  time: VirtualTime,
  more: Partial<TaskSetup> = {},
): TaskSetup & { logger: Log } {
  return {
    state: new MemoryState(),
    now: time.now,
    sleep: time.sleep,
    random: () => 0.5,
    ...more,
    logger: (more.logger as Log | undefined) ?? memoryLog(),
  }
}

/** Takes records until there are so many. */
export async function takeRecords(
  task: AbstractSourceTask,
  time: VirtualTime,
  count: number,
): Promise<SourceRecord[]> {
  const taken: SourceRecord[] = []
  while (taken.length < count) {
    const record = task.takeRecord()
    if (record !== undefined) taken.push(record)
    else await time.until(task.waitForRecords())
  }
  return taken
}

/** Whatever comes until the store has been listed so many times more with nothing new. */
export async function takeAll(
  task: AbstractSourceTask,
  time: VirtualTime,
  idleMs = 20_000,
): Promise<SourceRecord[]> {
  const taken: SourceRecord[] = []
  const end = time.now() + idleMs
  while (time.now() < end) {
    for (let r = task.takeRecord(); r !== undefined; r = task.takeRecord()) taken.push(r)
    await time.pass(1000)
  }
  return taken
}

export function valuesOf(records: readonly SourceRecord[]): unknown[] {
  return records.map(({ value }) => value.value)
}

/** An iterator over steps: a record's number, `false` for nothing now, or what it throws. */
export function stepIterator(
  steps: readonly (number | false | Error | (() => Promise<number>))[],
): ResumableIterator<SourceRecord> & { asked: number } {
  const left = [...steps]
  return {
    asked: 0,
    hasNext() {
      this.asked++
      const [first] = left
      if (first === undefined) return false
      if (first === false || first instanceof Error) left.shift()
      if (first instanceof Error) throw first
      return first !== false
    },
    next() {
      const first = left.shift()
      if (typeof first === 'function') return first().then(recordOf)
      if (typeof first === 'number') return recordOf(first)
      throw new Error('no such element')
    },
  }
}

export function recordOf(n: number): SourceRecord {
  return {
    sourcePartition: { table: 't' },
    sourceOffset: { n },
    key: { schema: null, value: null },
    value: { schema: null, value: { n } },
  }
}
