import type { ProgressMark, SourceRecord } from './record.ts'

/** A record, or what happened between two of them. */
export type QueueItem = SourceRecord | QueuedMarks

export class QueuedMarks {
  readonly marks: readonly ProgressMark[]

  constructor(marks: readonly ProgressMark[]) {
    this.marks = marks
  }
}

const RECORD_BYTES = 100

/** Records read ahead, bounded by count and by about how many bytes; both sides can wait for the other. */
export class RecordQueue {
  readonly #maxRecords: number
  readonly #maxBytes: number
  #items: QueueItem[] = []
  #first = 0
  #records = 0
  #bytes = 0
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords
    this.#maxBytes = maxBytes
  }

  get records(): number {
    return this.#records
  }

  get isFull(): boolean {
    return this.#records >= this.#maxRecords || this.#bytes >= this.#maxBytes
  }

  get isEmpty(): boolean {
    return this.#items.length === this.#first
  }

  push(item: QueueItem): void {
    this.#items.push(item)
    if (!(item instanceof QueuedMarks)) {
      this.#records += item.lines ?? 1
      this.#bytes += item.bytes ?? RECORD_BYTES
    }
    const wake = this.#wakeReader
    if (wake === undefined) return
    this.#wakeReader = undefined
    wake()
  }

  /** The next item, left where it is. */
  peek(): QueueItem | undefined {
    return this.#items[this.#first]
  }

  /** The next item, taken out. */
  shift(): QueueItem | undefined {
    const item = this.#items[this.#first]
    if (item === undefined) return undefined
    this.#first++
    if (this.#first > 256 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    if (!(item instanceof QueuedMarks)) {
      this.#records -= item.lines ?? 1
      this.#bytes -= item.bytes ?? RECORD_BYTES
    }
    if (this.#wakeWriter !== undefined && !this.isFull) this.#wake()
    return item
  }

  clear(): void {
    this.#items = []
    this.#first = 0
    this.#records = 0
    this.#bytes = 0
    this.#wake()
  }

  #wake(): void {
    const wake = this.#wakeWriter
    this.#wakeWriter = undefined
    wake?.()
  }

  /** Resolves when there is room, or at once when the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    await waited(
      signal,
      () => !this.isFull,
      (wake) => {
        this.#wakeWriter = wake
      },
    )
    this.#wakeWriter = undefined
  }

  /** Resolves when there is something, or at once when the signal aborts. */
  async filled(signal: AbortSignal): Promise<void> {
    await waited(
      signal,
      () => !this.isEmpty,
      (wake) => {
        this.#wakeReader = wake
      },
    )
    this.#wakeReader = undefined
  }
}

function waited(
  signal: AbortSignal,
  isSo: () => boolean,
  keep: (wake: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || isSo()) {
      resolve()
      return
    }
    const wake = () => {
      signal.removeEventListener('abort', wake)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
    keep(wake)
  })
}
