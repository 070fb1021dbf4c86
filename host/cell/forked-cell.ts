import { type ChildProcess, fork } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Cell,
  type CellEnvironment,
  CellError,
  type CellEvent,
  type CellHealth,
  type CommittedCheckpoint,
  type RuleKey,
  type RuleSpec,
  type RuleStatus,
  type StopOptions,
  type StreamReset,
} from './cell.ts'
import { emptyFolder } from './empty-folder.ts'
import {
  type CellMethod,
  errorOf,
  type ForkSetup,
  type FromCell,
  plainOf,
  type ToCell,
} from './fork-protocol.ts'

export interface ForkedCellOptions extends Omit<ForkSetup, 'connectors' | 'base'> {
  readonly environment: CellEnvironment
  /** @default the built-in ones */
  readonly connectors?: ForkSetup['connectors'] | undefined
  /** Where relative paths begin, of rules and of these options. @default the working directory */
  readonly base?: string | undefined
}

const CLOSE_MS = 15_000
const builtIn = {
  module: new URL('./connectors/builtin.ts', import.meta.url).href,
  export: 'createBuiltinConnectors',
}

/** A cell in a process of its own: what happens there, even to the whole process, happens to its rules only. */
export class ForkedCell implements Cell {
  readonly #environment: CellEnvironment
  readonly #child: ChildProcess
  readonly #ready = Promise.withResolvers<void>()
  readonly #exited: Promise<void>
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #listeners = new Set<(event: CellEvent) => void>()
  /** The last that was heard of each rule. */
  readonly #states = new Map<string, CellEvent>()
  #lastId = 0
  #isGone = false

  constructor(options: ForkedCellOptions) {
    const { environment, connectors = builtIn, base = process.cwd(), ...rest } = options
    const { cacheFolder, dataFolder } = rest
    const setup: ForkSetup = {
      ...rest,
      connectors,
      base,
      cacheFolder: resolve(base, cacheFolder),
      dataFolder: dataFolder && resolve(base, dataFolder),
    }
    this.#environment = environment
    this.#child = fork(fileURLToPath(new URL('./fork-entry.ts', import.meta.url)), [], {
      serialization: 'advanced',
      cwd: emptyFolder(setup.cacheFolder),
      env: {},
      execArgv: ['--disable-sigusr1'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#ready.promise.catch(() => {})
    this.#child.on('message', (message) => this.#receive(message as FromCell))
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#gone(`its process ended (${signal ?? code})`)
        resolve()
      })
    })
    this.#child.on('error', (error) => this.#gone(error.message))
    this.#tell({ type: 'setup', setup })
  }

  async deploy(rule: RuleSpec): Promise<void> {
    await this.#call('deploy', rule)
  }

  async upgrade(rule: RuleSpec): Promise<void> {
    await this.#call('upgrade', rule)
  }

  async resetSource(key: RuleKey, reset: StreamReset): Promise<void> {
    await this.#call('resetSource', key, reset)
  }

  async stop(key: RuleKey, options?: StopOptions): Promise<void> {
    await this.#call('stop', key, options)
  }

  async status(key: RuleKey): Promise<RuleStatus | undefined> {
    return (await this.#call('status', key)) as RuleStatus | undefined
  }

  async checkpoint(key: RuleKey): Promise<CommittedCheckpoint> {
    return (await this.#call('checkpoint', key)) as CommittedCheckpoint
  }

  async forget(key: RuleKey): Promise<void> {
    await this.#call('forget', key)
    this.#states.delete(JSON.stringify([key.tenant, key.rule]))
  }

  watch(listener: (event: CellEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A process that is gone is degraded too: it should be replaced. */
  async health(): Promise<CellHealth> {
    if (this.#isGone) return { degraded: true, stuckRules: [], loopDelayMs: 0 }
    return (await this.#call('health')) as CellHealth
  }

  /** A process that does not end in time is killed: a thread in native code never would. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.kill(), CLOSE_MS)
    await this.#call('close').catch(() => {})
    this.kill()
    await this.#exited
    clearTimeout(late)
    this.#listeners.clear()
  }

  /** Ends the process at once: what its supervisor does with one that is degraded. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #call(method: CellMethod, ...args: readonly unknown[]): Promise<unknown> {
    await this.#ready.promise
    if (this.#isGone) throw new CellError('closed', 'the process of the cell is gone')
    const id = ++this.#lastId
    const call = Promise.withResolvers<unknown>()
    this.#calls.set(id, call)
    this.#tell({ type: 'call', id, method, args })
    return call.promise
  }

  #receive(message: FromCell): void {
    if (message.type === 'ready') this.#ready.resolve()
    else if (message.type === 'event') this.#heard(message.event)
    else if (message.type === 'log') this.#environment.log(message.line)
    else if (message.type === 'refused') this.#environment.refused?.(message.refusal)
    else if (message.type === 'commit') void this.#commit(message)
    else if (message.type === 'keyed-state') void this.#keyedState(message)
    else {
      const call = this.#calls.get(message.id)
      this.#calls.delete(message.id)
      if (message.error === undefined) call?.resolve(message.value)
      else call?.reject(errorOf(message.error))
    }
  }

  async #commit({ id, key, checkpoint }: FromCell & { type: 'commit' }): Promise<void> {
    try {
      await this.#environment.commit(key, checkpoint)
      this.#tell({ type: 'committed', id })
    } catch (error) {
      this.#tell({ type: 'committed', id, error: plainOf(error) })
    }
  }

  /** What cannot be read is nothing. */
  async #keyedState({ id, tenant, keys }: FromCell & { type: 'keyed-state' }): Promise<void> {
    const found = this.#environment.keyedState?.(tenant, keys)
    const values = (await found?.catch(() => [])) ?? []
    this.#tell({ type: 'keyed', id, values })
  }

  #heard(event: CellEvent): void {
    this.#states.set(JSON.stringify([event.tenant, event.rule]), event)
    for (const listener of this.#listeners) listener(event)
  }

  #gone(reason: string): void {
    if (this.#isGone) return
    this.#isGone = true
    const error = new CellError('closed', `the cell is gone: ${reason}`)
    this.#ready.reject(error)
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
    for (const { tenant, rule, state } of [...this.#states.values()]) {
      if (state === 'stopped' || state === 'stopped by error') continue
      this.#heard({ tenant, rule, state: 'stopped by error', message: error.message })
    }
  }

  #tell(message: ToCell): void {
    // A child that has just died is heard of by its exit.
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}
