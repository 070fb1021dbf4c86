/** Types of what is used of the fixed reference, whose files stay as they are. */
declare module '#test/bench/reference/compare.mjs' {
  export interface Comparison {
    readonly name: string
    readonly ratio: number
    readonly low: number
    readonly high: number
    readonly a: number
    readonly b: number
  }
  export function compare(
    name: string,
    a: () => number,
    b: () => number,
    options?: CompareOptions,
  ): Promise<Comparison>
  export function compare(
    name: string,
    a: Measured,
    b: Measured,
    options?: CompareOptions,
  ): Promise<Comparison>
  export interface CompareOptions {
    windows?: number
    ms?: number
    warmMs?: number
    print?: boolean
  }
  /** What runs elsewhere. */
  export interface Measured {
    measure(ms: number): Promise<{ units: number; ms: number }>
  }
  export function median(values: readonly number[]): number
  export function quantile(values: readonly number[], q: number): number
}

declare module '#test/bench/reference/payloads.mjs' {
  import type { Buffer } from 'node:buffer'
  export interface Chunk {
    readonly buffer: ArrayBuffer
    readonly bytes: Buffer
    readonly view: DataView
    readonly used: number
    readonly count: number
  }
  export type SensorRow = Record<string, unknown> & {
    readonly deviceId: string
    readonly temperature: number
    readonly ts: number
  }
  export const FRAME_HEADER: number
  export function makeRows(options?: {
    wide?: boolean
    count?: number
    devices?: number
    perSecond?: number
    seed?: number
  }): SensorRow[]
  export function random(seed?: number): () => number
  export function makePayloads(options?: {
    size?: 100 | 300 | 1000
    count?: number
    devices?: number
    odd?: number
    perSecond?: number
    seed?: number
  }): Buffer[]
  export function toChunks(payloads: readonly Buffer[], options?: { perSecond?: number }): Chunk[]
}

declare module '#test/bench/reference/shape.mjs' {
  import type { Buffer } from 'node:buffer'
  export const BY_SHAPE: number
  export const BY_PARSE: number
  export function makeShapeDecoder(columns: readonly string[]): {
    readonly row: Record<string, unknown>
    decode(bytes: Buffer, view: DataView, start: number, end: number): number
  }
}

declare module '#test/bench/reference/pipelines.mjs' {
  import type { Chunk } from '#test/bench/reference/payloads.mjs'
  export interface FilterProject {
    readonly out: Buffer
    run(chunk: Chunk): number
  }
  export interface Tumbling {
    run(chunk: Chunk, offset?: number): number
    flush(): number
  }
  export interface TumblingRow {
    readonly deviceId: unknown
    readonly n: number
    readonly mean: number | null
  }
  export function tumblingShape(emit?: (row: TumblingRow) => void): Tumbling
  export function filterProjectShape(): FilterProject
  export function filterProjectParse(): FilterProject
}

declare module '#test/bench/reference/host.mjs' {
  import type { WorkerOptions } from 'node:worker_threads'
  /** CPU in µs per tuple. */
  export interface Window {
    readonly units: number
    readonly ms: number
    readonly mainUs: number
    readonly workerUs?: number
  }
  export interface Measuring {
    measure(ms: number): Promise<Window>
    close(): Promise<unknown>
  }
  export function startSocketToWorker(options: { port: number }): Promise<Measuring>
  export function startChunkHandOver(options?: {
    payloads?: readonly Uint8Array[]
  }): Promise<Measuring>
  export function appendAndSync(
    path: string,
    groups: readonly (readonly Buffer[])[],
  ): Promise<{ bytes: number; groups: number; ms: number; p50: number; p99: number }>
  export function startRawMqtt(
    mqtt: unknown,
    options: { url: string; topic?: string },
  ): Promise<Measuring & { counts(): { received: number; passed: number } }>
  export function bareWorkerStart(options?: WorkerOptions): Promise<number>
  export function bareWorkerMemory(count?: number): Promise<number>
}

declare module '#test/bench/reference/mqtt-wire.mjs' {
  import type { Buffer } from 'node:buffer'
  export const PUBLISH: number
  export function connect(clientId: string): Buffer
  export function subscribe(topic: string): Buffer
  export function publish(topic: string, payload: Uint8Array): Buffer
  export function makeWalker(
    onPacket: (type: number, bytes: Buffer, start: number, end: number) => void,
  ): (chunk: Buffer) => void
}

declare module '#test/bench/reference/windows.mjs' {
  import type { SensorRow } from '#test/bench/reference/payloads.mjs'
  export interface Windows {
    /** @returns how many rows were emitted */
    run(rows: readonly SensorRow[], offset?: number): number
  }
  export interface Closing extends Windows {
    advance(time: number): number
  }
  type Emit = (row: Readonly<Record<string, unknown>>) => void
  export function makeHopping(emit?: Emit, options?: { panes?: number; stepMs?: number }): Closing
  export function makeSlidingTwoStacks(
    emit?: Emit,
    options?: { lengthMs?: number; over?: (row: SensorRow) => boolean },
  ): Windows
  export function makeAnalytic(emit?: Emit): Windows
  export function makeSessions(emit?: Emit, options?: { gapMs?: number; maxMs?: number }): Closing
}
