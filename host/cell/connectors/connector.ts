import type { Logger } from '@plutino/sdk'

/**
 * Built-in connectors run on the main thread. They keep the SDK's life (`configure`, `open`, `close`), but move bytes:
 * a source writes payloads straight into the buffer's chunks, a sink gets whole chunks of encoded payloads.
 */
export interface ConnectorContext {
  readonly tenant: string
  /** The rule, or the shared stream, that the connector serves. */
  readonly ruleId: string
  /** The stream of a source, the action's type and number of a sink. */
  readonly name: string
  /**
   * Changes when the rule is dropped and made anew, or its state is reset: then its payloads are numbered from the start.
   */
  readonly generation: string
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly clock: { now(): number }
  /** At least once: a source that can wait must not acknowledge what is not yet in the buffer. */
  readonly qos: 0 | 1 | 2
  /** The same over restarts of the host, never that of another one. `undefined`: the cell keeps nothing on disk. */
  readonly hostId?: string | undefined
  /** Shown in the status as `connection_status` 1, 0 or -1, with the reason of the last loss. */
  connection(status: 'connected' | 'connecting' | 'disconnected', message?: string): void
}

/** The writing end of a source buffer. */
export interface SourceWriter {
  /**
   * Appends `bytes[start, end)` as one tuple, copied.
   *
   * @returns false, and nothing is kept, when the buffer is full. A source that can wait then waits for `onRoom`; one that
   *   cannot calls `drop`
   */
  write(bytes: Uint8Array, start: number, end: number, extra?: TupleExtra): boolean
  /**
   * What a source that cannot wait does when the buffer is full: the oldest unread tuple makes room, or this one is left
   * out, as the stream's `dropPolicy` says; counted and named in the status either way.
   */
  drop(bytes: Uint8Array, start: number, end: number, extra?: TupleExtra): void
  /** Readers may be woken. Call it once after a burst of writes. */
  ring(): void
  /** Registers metadata that many tuples share, such as a topic; the same reference until the source closes. */
  meta(meta: Readonly<Record<string, unknown>>): number
  /** How many more tuples fit. */
  readonly room: number
  /** Called once when a quarter of the buffer is free again after a refused `write` or `wantRoom`. */
  onRoom(listener: () => void): void
  wantRoom(): void
  /**
   * Only where there is a spool: calls back when everything that was written so far survives the end of this process. A
   * source that is acknowledged acknowledges then, and not before.
   */
  whenDurable?(listener: () => void): void
  /** Only where there is a spool. */
  readonly ledger?: SourceLedger | undefined
}

/**
 * What a source notes beside its tuples, so that it knows in its next life which of the sender's messages it has. A note
 * is safe with its tuples, and is dropped with those that never became safe. Make it before the tuples are written, or
 * right after, before anything is awaited.
 */
export interface SourceLedger {
  /** Sequence number of the tuple that will be written next. */
  readonly next: number
  /** Oldest first. */
  keys(): Iterable<string>
  find(key: string): Noted | undefined
  note(key: string, noted: Noted): void
  forget(key: string): void
}

/** Tuples `first` to `first + count - 1` are of one message, which has `total` of them. */
export interface Noted {
  readonly first: number
  readonly count: number
  readonly total: number
  /** ms since the epoch */
  readonly at: number
}

export interface TupleExtra {
  /** From `SourceWriter.meta`. */
  readonly metaReference?: number | undefined
  /** Metadata of this tuple only. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** Where the source goes on after this tuple. A number is cheap. */
  readonly offset?: unknown
  /** How the payload is encoded when it is not in the stream's FORMAT. */
  readonly encoding?: 'json' | 'v8' | undefined
  /** ms since the epoch, where the source knows when it happened. */
  readonly timestamp?: number | undefined
}

export interface SourceConnector {
  /**
   * What it brings is sent by rules of this cell: where there is a spool it is taken also while its rule does not run, by
   * an instance that has no other use.
   */
  readonly isLocal?: boolean | undefined
  /** Checks everything that can be checked without connecting. @throws CellError `bad-property` naming the property */
  configure(datasource: string, props: Readonly<Record<string, unknown>>): void
  /**
   * Connects and starts writing. Resolves when it is connected or has started to try: a broker that is down is no error,
   * it is a status, and the connector keeps trying with back-off. Rejects when it can never work.
   */
  open(context: ConnectorContext, writer: SourceWriter, end: SourceEnd): Promise<void>
  /** Lets go of everything, within 5 s. Safe after a failed `open`. */
  close(): Promise<void>
  /** A source that can go back: called before `open` with an offset that it wrote in an earlier life. */
  rewind?(offset: unknown): void
  /** All tuples up to this one are covered by a checkpoint: the source may forget or acknowledge them. */
  committed?(offset: unknown): void
  /** What it counts beside the buffer, for the metrics of the stream. */
  figures?(): Readonly<Record<string, number>>
  /** Why rules at qos 1 and 2 may lose rows that come from it, for their status. After `configure`. */
  weakness?(): string | undefined
  /** Its rule or stream is no more: ends what is kept for it elsewhere. After `close`, if it ever was open. */
  forget?(context: Pick<ConnectorContext, 'tenant' | 'ruleId' | 'name' | 'hostId'>): Promise<void>
}

export interface SourceEnd {
  /** A bounded source has written its last tuple. */
  done(): void
  /** The source cannot go on: ends the rule, unless its restart strategy says otherwise. */
  failed(reason: Error): void
}

/** Encoded payloads of one action, in order: frames as in `src/flow/frame.ts`. */
export interface PayloadChunk {
  readonly buffer: ArrayBuffer
  readonly count: number
  /** Sequence number of the first payload within the action, and the epoch of the rule. */
  readonly first: number
  readonly epoch: number
  /** In which numbering `first` counts, where that is another than the context's. */
  readonly generation?: string | undefined
  /** It comes from a cache, later than payloads with greater numbers may have come. */
  readonly isResent?: boolean | undefined
  /** Where to send it instead of where the properties say: a topic, a url, a path. */
  readonly destination?: string | undefined
}

export interface SinkConnector {
  /** As `SourceConnector.configure`. */
  configure(props: Readonly<Record<string, unknown>>): void
  open(context: ConnectorContext): Promise<void>
  /**
   * Sends the payloads of a chunk. Called again only after it has settled. Returns or resolves when they are as durable
   * as this sink can make them: that is the acknowledgement which lets a checkpoint commit. A rejection with
   * `NotConnected` or `Retryable` brings the same chunk again; any other error drops it, counted. A `PayloadError` says
   * which payload of the chunk failed: those before it are acknowledged, and only that one is dropped.
   */
  collect(chunk: PayloadChunk): void | Promise<void>
  close(): Promise<void>
}

/** One built-in connector: its name in TYPE or in an action, and how to make an instance. */
export interface ConnectorType<T> {
  readonly name: string
  create(): T
}
