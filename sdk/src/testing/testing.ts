import { resolve } from 'node:path'
import type { Argument } from '../function.ts'
import type { Bench, BenchEvents, Checkpoint, LogLine, TestOptions, Use } from './bench.ts'
import { ExtensionError } from './fault.ts'
import { findHost } from './host.ts'
import { openProcess } from './process/process-bench.ts'
import { TestedFunction, TestedLookup } from './tested-function.ts'
import { TestedSink } from './tested-sink.ts'
import { TestedSource } from './tested-source.ts'
import { DEFAULT_START } from './virtual-time.ts'

export type { Checkpoint, LogLine, TestGrants, TestOptions, TestTuple } from './bench.ts'
export { ExtensionError } from './fault.ts'
export { filesOf } from './process/files.ts'
export type { TestedFunction, TestedLookup } from './tested-function.ts'
export type { TestedSink } from './tested-sink.ts'
export type { TestedSource } from './tested-source.ts'

/** Where a plugin's tests run: the same test body works in both. */
export interface TestTier {
  readonly name: 'in process' | 'in the sandbox'
  open(folder: string, options?: TestOptions): Promise<TestPlugin>
}

/**
 * Loads a plugin project into this process, bundled as `plutino plugin pack` does: quick, and its lines take breakpoints.
 *
 * @example
 * await using plugin = await inProcess('.')
 * const source = await plugin.source('ticker', { props: { interval: 1000 } })
 * await plugin.clock.advance(3000)
 * assert.equal((await source.next(3)).length, 3)
 */
export async function inProcess(folder: string, options: TestOptions = {}): Promise<TestPlugin> {
  return TestPlugin.open(options, (events) => openProcess(resolve(folder), options, events))
}

/**
 * Packs and installs a plugin project as a host does, and runs it in a real worker and compartment with the powers that
 * `options.grants` gives it. Needs the host beside it: package `plutino`, or its folder in `PLUTINO_HOME`.
 *
 * @throws Error that says where the host was looked for
 */
export async function inSandbox(folder: string, options: TestOptions = {}): Promise<TestPlugin> {
  const { openSandbox } = await findHost(resolve(folder))
  return TestPlugin.open(options, (events) => openSandbox(resolve(folder), options, events))
}

/** The places where the tests of a project can run here: the sandbox is among them when a host is reachable. */
export async function tiers(folder: string): Promise<TestTier[]> {
  const process: TestTier = { name: 'in process', open: inProcess }
  const found = await findHost(resolve(folder)).catch(() => undefined)
  return found === undefined ? [process] : [process, { name: 'in the sandbox', open: inSandbox }]
}

interface Common {
  /** Properties: of a source those of its CONF_KEY, of a sink those of its action. */
  readonly props?: Readonly<Record<string, unknown>> | undefined
  /** Goes on from there. */
  readonly restore?: Checkpoint | undefined
}

/** A plugin in a test. Each of its extensions that is opened is a rule of its own; all share the clock. */
export class TestPlugin implements AsyncDisposable {
  /** The time of the plugin, which stands still until it is moved. */
  readonly clock: TestClock
  /** What the plugin has logged, debug lines too. */
  readonly logs: readonly LogLine[]
  readonly #bench: Bench
  readonly #flows: Map<number, TestedSource | TestedSink | undefined>
  #lastFlow = 0

  private constructor(
    bench: Bench,
    start: number,
    flows: Map<number, TestedSource | TestedSink | undefined>,
    logs: readonly LogLine[],
  ) {
    this.#bench = bench
    this.#flows = flows
    this.logs = logs
    this.clock = new TestClock(bench, start)
  }

  /** @internal */
  static async open(
    options: TestOptions,
    open: (events: BenchEvents) => Promise<Bench>,
  ): Promise<TestPlugin> {
    const flows = new Map<number, TestedSource | TestedSink | undefined>()
    const logs: LogLine[] = []
    const bench = await open(eventsOf(flows, logs))
    return new TestPlugin(bench, options.now ?? DEFAULT_START, flows, logs)
  }

  /**
   * Configures and opens a source.
   *
   * @throws ExtensionError of `configure` or `open`
   */
  async source(
    name: string,
    options: Common & { readonly datasource?: string | undefined } = {},
  ): Promise<TestedSource> {
    const flow = this.#nextFlow()
    const source = new TestedSource(this.#bench, flow)
    this.#flows.set(flow, source)
    await this.#open(flow, { kind: 'source', name, ...options })
    return source
  }

  /** Configures and opens a sink. @throws ExtensionError of `configure` or `open` */
  async sink(name: string, options: Common = {}): Promise<TestedSink> {
    const flow = this.#nextFlow()
    const sink = new TestedSink(this.#bench, flow)
    this.#flows.set(flow, sink)
    await this.#open(flow, { kind: 'sink', name, ...options })
    return sink
  }

  /**
   * Makes a function ready for one call in a statement.
   *
   * @param options.args what the rule knows of the arguments; untyped columns by default
   */
  async function(
    name: string,
    options: {
      readonly args?: readonly Argument[] | undefined
      readonly restore?: Checkpoint | undefined
    } = {},
  ): Promise<TestedFunction> {
    const flow = this.#nextFlow()
    await this.#open(flow, { kind: 'function', name, restore: options.restore })
    return new TestedFunction(this.#bench, flow, options.args)
  }

  /** Configures and opens a lookup table: a source that has `lookup`, or is exported as `<Name>Lookup`. */
  async lookup(
    name: string,
    options: Common & { readonly datasource?: string | undefined } = {},
  ): Promise<TestedLookup> {
    const flow = this.#nextFlow()
    await this.#open(flow, { kind: 'lookup', name, ...options })
    return new TestedLookup(this.#bench, flow)
  }

  /** Closes everything that is still open. `await using` does it at the end of the test. */
  async close(): Promise<void> {
    await this.#bench.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #nextFlow(): number {
    return ++this.#lastFlow
  }

  async #open(
    flow: number,
    {
      kind,
      name,
      datasource = '',
      props = {},
      restore,
    }: Pick<Use, 'kind' | 'name'> & Common & { readonly datasource?: string | undefined },
  ): Promise<void> {
    await this.#bench.open(flow, { kind, name, datasource, props, restore })
  }
}

/** The clock of a plugin in a test. */
export class TestClock {
  readonly #bench: Bench
  #now: number

  constructor(bench: Bench, start: number) {
    this.#bench = bench
    this.#now = start
  }

  /** What `ctx.clock.now()` says, ms since the epoch. */
  now(): number {
    return this.#now
  }

  /**
   * Lets so many ms pass: timers fire in order, each at its own time, and what one does at once is done before the next.
   * What takes longer, with files or the network, is waited for where it shows: `source.next()`, what `sink.collect` gives.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`a clock goes forward: ${ms} ms`)
    this.#now += ms
    while (await this.#bench.step(this.#now));
  }
}

function eventsOf(
  flows: ReadonlyMap<number, TestedSource | TestedSink | undefined>,
  logs: LogLine[],
): BenchEvents {
  const sourceOf = (flow: number) => {
    const found = flows.get(flow)
    return found instanceof TestedSource ? found : undefined
  }
  const sinkOf = (flow: number) => {
    const found = flows.get(flow)
    return found instanceof TestedSink ? found : undefined
  }
  return {
    tuples: (flow, tuples) => sourceOf(flow)?.took(tuples),
    delivered: (flow, sequence, dropped) => sinkOf(flow)?.settled(sequence, dropped),
    retrying: (flow, fault) => sinkOf(flow)?.asked(fault),
    failed(flow, fault) {
      const found = flows.get(flow)
      if (found !== undefined) found.endedBy(fault)
      else logs.push({ level: 'error', text: new ExtensionError(fault).message })
    },
    ended: (flow) => sourceOf(flow)?.endedBy(),
    faulted: (fault) => new ExtensionError(fault),
    log: (line) => void logs.push(line),
  }
}
