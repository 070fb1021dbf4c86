import type { Argument } from '../function.ts'
import type { Row } from '../tuple.ts'

export type TestedKind = 'source' | 'sink' | 'function' | 'lookup'

/** What a rule saves of an extension: hand it back as `restore`, and the next one goes on from there. */
export interface Checkpoint {
  /** What `putState` and the counters hold, serialized as in a rule's checkpoint. */
  readonly state: Uint8Array
  /** Of a source: what `getOffset` returned after the last tuple. */
  readonly offset?: unknown
}

/** How an extension is put to use. */
export interface Use {
  readonly kind: TestedKind
  readonly name: string
  readonly datasource: string
  readonly props: Readonly<Record<string, unknown>>
  readonly restore: Checkpoint | undefined
}

/** What a source brought. */
export interface TestTuple {
  readonly message: Row | Uint8Array
  readonly meta: Readonly<Record<string, unknown>> | undefined
  readonly timestamp: number | undefined
  /** What `getOffset` returned right after it. */
  readonly offset: unknown
}

export interface Fault {
  readonly code: string
  readonly message: string
  /** The error's stack, by the lines of the author's files. */
  readonly stack?: string | undefined
}

/** A line of the plugin's log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly text: string
}

/** What an extension does, as it happens. */
export interface BenchEvents {
  tuples(flow: number, tuples: readonly TestTuple[]): void
  /** A sink has dealt with an emission: it is durable, or dropped for this reason. */
  delivered(flow: number, sequence: number, dropped?: Fault | undefined): void
  /** A sink asked to be given the emission again. */
  retrying(flow: number, fault: Fault): void
  failed(flow: number, fault: Fault): void
  ended(flow: number): void
  /** The error to throw: the test compares it with the class of its own SDK. */
  faulted(fault: Fault): Error
  log(line: LogLine): void
}

/** Where extensions run in a test: in this process, or in the sandbox of a host. Each use is a rule of its own. */
export interface Bench {
  open(flow: number, use: Use): Promise<void>
  /** Hands an emission to a sink. What comes of it is an event. */
  collect(flow: number, data: readonly Row[] | Uint8Array, sequence: number): Promise<void>
  call(flow: number, args: readonly Argument[], values: readonly unknown[]): Promise<unknown>
  /** The result over the last `length` rows, after each row. */
  slide(
    flow: number,
    args: readonly Argument[],
    rows: readonly (readonly unknown[])[],
    length: number,
  ): Promise<unknown[]>
  lookup(
    flow: number,
    columns: readonly string[],
    keys: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly Row[])[]>
  checkpoint(flow: number): Promise<Uint8Array>
  close(flow: number): Promise<void>
  /** Fires the next timer that is due by then. @returns whether there was one */
  step(until: number): Promise<boolean>
  end(): Promise<void>
}

/** What a test gives the plugin beside its properties. */
export interface TestOptions {
  /** Where the clock starts, ms since the epoch. @default 2026-01-01T00:00:00Z */
  readonly now?: number | undefined
  /** Powers, as the manifest writes them; nothing is granted by default. */
  readonly grants?: TestGrants | undefined
  /** Values of secrets, which are granted by naming them here. */
  readonly secrets?: Readonly<Record<string, string>> | undefined
}

export interface TestGrants {
  /** `https://api.example.com`, `tcp://127.0.0.1:3306` */
  readonly network?: readonly string[] | undefined
  readonly files?:
    | {
        /** A private folder, made for the test and removed after it. */
        readonly private?: boolean | undefined
        /** Folders by the names of the manifest: paths of this machine. */
        readonly folders?: Readonly<Record<string, string>> | undefined
      }
    | undefined
}

/** What the host package exports as `plutino/testing`. */
export interface SandboxModule {
  openSandbox(folder: string, options: TestOptions, events: BenchEvents): Promise<Bench>
}
