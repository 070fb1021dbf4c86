import { setImmediate as turn } from 'node:timers/promises'
import type { FunctionContext } from '../../function.ts'
import { type Project, readProject } from '../../pack/project.ts'
import type { SinkContext } from '../../sink.ts'
import type { LookupSource, SourceContext } from '../../source.ts'
import { mapStack } from '../../source-map.ts'
import type { Bench, BenchEvents, Fault, TestOptions, Use } from '../bench.ts'
import { ExtensionError, faultOf, named } from '../fault.ts'
import { DEFAULT_START, VirtualTime } from '../virtual-time.ts'
import { makeContext, makeLogger } from './context.ts'
import { ProcessFolders } from './files.ts'
import { ProcessFunction } from './function.ts'
import { bothLetters, makeInstance } from './instance.ts'
import { processNetwork } from './network.ts'
import { processPowers } from './powers.ts'
import { findEntry, loadScript, type ProcessScript } from './script.ts'
import { ProcessSink } from './sink.ts'
import { ProcessSource } from './source.ts'
import { ProcessState } from './state.ts'

type Running = ProcessSource | ProcessSink | ProcessFunction | RunningLookup

interface RunningLookup {
  readonly table: LookupSource
  readonly context: SourceContext
}

interface Flow {
  readonly title: string
  readonly state: ProcessState
  readonly abort: AbortController
  readonly running: Running
}

/** Turns of the event loop after each timer, for what it set going. */
const TURNS = 4

/** Opens a project's plugin in this process. @throws PackError when it is no plugin */
export async function openProcess(
  folder: string,
  options: TestOptions,
  events: BenchEvents,
): Promise<Bench> {
  return new ProcessBench(await readProject(folder), options, events)
}

class ProcessBench implements Bench {
  readonly #project: Project
  readonly #events: BenchEvents
  readonly #time: VirtualTime
  readonly #folders: ProcessFolders
  readonly #powers: ReturnType<typeof processPowers>
  readonly #scripts = new Map<string, Promise<ProcessScript>>()
  readonly #loaded: ProcessScript[] = []
  readonly #flows = new Map<number, Flow>()
  readonly #log: ReturnType<typeof makeLogger>

  constructor(project: Project, options: TestOptions, events: BenchEvents) {
    this.#project = project
    this.#events = events
    this.#time = new VirtualTime(options.now ?? DEFAULT_START, (error) => this.#stray(error))
    this.#folders = new ProcessFolders(options)
    const network = processNetwork(options.grants?.network ?? [])
    this.#powers = processPowers(options, this.#folders.files, network)
    this.#log = makeLogger(events.log)
  }

  async open(flow: number, use: Use): Promise<void> {
    const kind = use.kind === 'lookup' ? 'source' : use.kind
    const entry = findEntry(this.#project, kind, use.name)
    const title = `${kind} "${use.name}" of plugin ${this.#project.name}@${this.#project.version}`
    const script = await this.#script(entry.file)
    const names = [entry.suffix.slice(1), use.name].filter((name) => name !== '')
    const own = bothLetters(`${use.name}Lookup`).filter(
      (name) => use.kind === 'lookup' && Object.hasOwn(Object(script.exports), name),
    )
    const instance = makeInstance(use.kind, title, script.exports, [...own, ...names])
    const state = new ProcessState()
    if (use.restore !== undefined) state.restore(use.restore.state)
    const abort = new AbortController()
    const context = (more: object): unknown =>
      makeContext(
        {
          operatorId: `${use.kind}_${flow}`,
          signal: abort.signal,
          logger: this.#log.logger,
          state,
          time: this.#time,
          powers: this.#powers,
        },
        more,
      )
    const running = this.#running(flow, use, instance, context)
    this.#flows.set(flow, { title, state, abort, running })
    await this.#guarded(async () => {
      if (running instanceof ProcessSource || running instanceof ProcessSink)
        await running.open(use)
      else if (!(running instanceof ProcessFunction)) {
        await running.table.configure(use.datasource, structuredClone({ ...use.props }))
        await running.table.open(running.context)
      }
    })
  }

  async collect(flow: number, data: Parameters<Bench['collect']>[1], sequence: number) {
    const { running } = this.#flow(flow)
    if (running instanceof ProcessSink) running.take(data, sequence)
  }

  async call(flow: number, args: Parameters<Bench['call']>[1], values: readonly unknown[]) {
    const { running, title } = this.#flow(flow)
    if (!(running instanceof ProcessFunction)) throw new Error(`${title} is no function`)
    return this.#guarded(() => running.call(args, values), title)
  }

  async slide(
    flow: number,
    args: Parameters<Bench['slide']>[1],
    rows: readonly (readonly unknown[])[],
    length: number,
  ) {
    const { running, title } = this.#flow(flow)
    if (!(running instanceof ProcessFunction)) throw new Error(`${title} is no function`)
    return this.#guarded(() => running.slide(args, rows, length), title)
  }

  async lookup(flow: number, columns: readonly string[], keys: readonly (readonly unknown[])[]) {
    const { running, title } = this.#flow(flow)
    if (!('table' in running)) throw new Error(`${title} is no lookup table`)
    const asked = structuredClone(keys)
    const found = await this.#guarded(
      async () => running.table.lookup([...columns], asked, running.context),
      title,
    )
    return structuredClone(found)
  }

  async checkpoint(flow: number): Promise<Uint8Array> {
    return this.#flow(flow).state.save()
  }

  async close(flow: number): Promise<void> {
    const found = this.#flows.get(flow)
    if (found === undefined) return
    this.#flows.delete(flow)
    const { running, abort } = found
    abort.abort()
    await this.#guarded(async () => {
      if (running instanceof ProcessSource || running instanceof ProcessSink) await running.close()
      else if ('table' in running) await running.table.close(running.context)
    })
  }

  async step(until: number): Promise<boolean> {
    await settled()
    const fired = this.#time.step(until)
    await settled()
    return fired
  }

  async end(): Promise<void> {
    for (const flow of [...this.#flows.keys()]) await this.close(flow)
    await this.#folders.remove()
  }

  #running(
    flow: number,
    { kind }: Use,
    instance: object,
    context: (more: object) => unknown,
  ): Running {
    const events = this.#events
    if (kind === 'function')
      return new ProcessFunction(instance, context({ functionId: 0 }) as FunctionContext)
    if (kind === 'lookup')
      return { table: instance as LookupSource, context: context({}) as SourceContext }
    if (kind === 'sink') {
      return new ProcessSink(instance, {
        delivered: (sequence, dropped) => events.delivered(flow, sequence, dropped),
        retrying: (error) => events.retrying(flow, this.#mapped(faultOf(error))),
        faultOf: (error) => this.#mapped(faultOf(error)),
        context: (more) => context(more) as SinkContext,
        time: this.#time,
      })
    }
    return new ProcessSource(instance, {
      tuples: (tuples) => events.tuples(flow, tuples),
      failed: (error) => events.failed(flow, this.#mapped(faultOf(error))),
      ended: () => events.ended(flow),
      context: (more) => context(more) as SourceContext,
    })
  }

  #script(file: string): Promise<ProcessScript> {
    const known = this.#scripts.get(file)
    if (known !== undefined) return known
    const { console } = this.#log
    const { fetch } = this.#powers
    const made = loadScript(this.#project, file, { time: this.#time, console, fetch }).then(
      (script) => {
        this.#loaded.push(script)
        return script
      },
    )
    this.#scripts.set(file, made)
    return made
  }

  #flow(flow: number): Flow {
    const found = this.#flows.get(flow)
    if (found === undefined) throw new Error('it is closed')
    return found
  }

  /** What a plugin throws leaves as an `ExtensionError`, as it would from a worker. */
  async #guarded<T>(run: () => Promise<T>, title?: string): Promise<T> {
    try {
      return await run()
    } catch (error) {
      const fault = title === undefined ? faultOf(error) : named(title, error)
      throw new ExtensionError(this.#mapped(fault))
    }
  }

  #mapped(fault: Fault): Fault {
    const maps = this.#loaded.flatMap((script) => script.mapped ?? [])
    const { stack } = fault
    return stack === undefined ? fault : { ...fault, stack: mapStack(stack, maps) }
  }

  #stray(error: unknown): void {
    const fault = this.#mapped(faultOf(error))
    for (const flow of this.#flows.keys()) this.#events.failed(flow, fault)
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn()
}
