import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Remote, transfer, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Piscina } from 'piscina'
import { payloadStart } from '#src/flow/frame.ts'
import { makeDefinition } from '#src/plan/definitions.ts'
import type { PluginUse } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'
import { parseStatement } from '#src/sql/parse.ts'
import type {
  Collected,
  Emission,
  OpenParams,
  PluginCode,
  RuleWorker,
  SourceSetup,
} from '#src/worker/protocol.ts'
import { functions } from '#test/flow/functions.ts'
import { feed, payloads } from '#test/flow/rule.ts'
import type { Tier } from './bundle.ts'

export interface TestPlugin {
  readonly kind: PluginUse['kind']
  readonly name: string
  /** A CommonJS script. */
  readonly text: string
  readonly isAggregate?: boolean
  /** @default one of its own */
  readonly package?: string
  readonly export?: string
  readonly sha256?: string
  readonly datasource?: string
  readonly props?: Record<string, unknown>
}

export interface TestRule {
  readonly entry: string
  readonly tier: Tier
  readonly sql: string
  readonly stream?: string
  readonly plugins?: readonly TestPlugin[]
  readonly actions?: readonly { type: string; props: Record<string, unknown> }[]
  readonly params?: Partial<OpenParams>
  /** Instances of a plugin source. */
  readonly concurrency?: number
  /** Answers `write`; resolved at once when missing. */
  readonly onWrite?: (chunk: ArrayBuffer, count: number) => Promise<void>
}

/** A call of the worker's to the host. */
export interface HostCall {
  readonly method: string
  readonly args: readonly unknown[]
}

const piscinaFolder = path.dirname(createRequire(import.meta.url).resolve('piscina'))

export const closedFlags = [
  '--permission',
  '--no-addons',
  '--no-experimental-sqlite',
  '--no-experimental-ffi',
  '--no-experimental-websocket',
  '--no-experimental-global-navigator',
  '--no-experimental-webstorage',
  '--no-global-search-paths',
  '--report-exclude-env',
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
]

export function poolOf(entry: string, tier: Tier): Piscina {
  const files = ['worker.js', 'common.js', 'symbols.js'].map((file) =>
    path.join(piscinaFolder, file),
  )
  const reads = [entry, ...files].map((file) => `--allow-fs-read=${file}`)
  const pool = new Piscina({
    filename: entry,
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    recordTiming: false,
    env: {},
    execArgv: tier === 'trusted' ? [] : [...closedFlags, ...reads],
    resourceLimits: { maxOldGenerationSizeMb: 4096, maxYoungGenerationSizeMb: 2 },
  })
  pool.on('error', () => {})
  return pool
}

/** A rule in a real worker thread, with this test in the place of the host. */
export class RuleThread {
  readonly calls: HostCall[] = []
  readonly remote: Remote<RuleWorker>
  readonly task: Promise<unknown>
  readonly pool: Piscina
  readonly #rule: TestRule
  readonly #calls: MessagePort
  readonly #control: MessagePort
  #arrived: (() => void)[] = []
  #next = 1

  constructor(rule: TestRule) {
    this.#rule = rule
    this.pool = poolOf(rule.entry, rule.tier)
    const control = new MessageChannel()
    const calls = new MessageChannel()
    this.#control = control.port1
    this.#calls = calls.port1
    this.#calls.on('message', (message) => void this.#serve(message))
    this.task = this.pool.run(
      { control: control.port2, calls: calls.port2 },
      { transferList: [control.port2, calls.port2] as never },
    )
    this.task.catch(() => {})
    this.remote = wrap<RuleWorker>(nodeEndpoint(control.port1))
  }

  async open() {
    return await this.remote.open(1, this.params())
  }

  params(): OpenParams {
    const { plugins = [], params } = this.#rule
    const plan = planWith(this.#rule)
    return {
      plan,
      plugins: plan.plugins.map((use) => codeOf(plugins, use)),
      sources: plan.sources.map((source) => setupOf(plugins, source.plugin, plan.plugins)),
      offsets: [],
      positions: [],
      epoch: 1,
      startedAt: 1000,
      props: {},
      ...params,
    }
  }

  async collect(rows: readonly unknown[]): Promise<Collected> {
    const tuples = rows.map((payload, i) => ({ payload, time: 1000 + this.#next + i }))
    const given = feed(tuples, { first: this.#next })
    this.#next += rows.length
    return await this.remote.collect(
      1,
      transfer(
        [given],
        given.ranges.map((range) => range.buffer),
      ),
    )
  }

  /** What the rule makes of some rows. */
  async rows(rows: readonly unknown[]): Promise<unknown[]> {
    const { emissions } = await this.collect(rows)
    return payloads(emissions as readonly Emission[]).flat()
  }

  of(method: string): HostCall[] {
    return this.calls.filter((call) => call.method === method)
  }

  /** Resolves when the worker has made so many calls of a method. */
  async wait(method: string, count = 1): Promise<HostCall[]> {
    const stop = Date.now() + 60_000
    while (this.of(method).length < count) {
      if (Date.now() > stop) throw new Error(`no ${count} calls of ${method} within 60 s`)
      await new Promise<void>((resolve) => {
        this.#arrived.push(resolve)
        setTimeout(resolve, 200)
      })
    }
    return this.of(method)
  }

  async close(): Promise<void> {
    await this.remote.close(1)
    await this.task
    await this.end()
  }

  async end(): Promise<void> {
    this.#control.close()
    this.#calls.close()
    await this.pool.destroy()
  }

  async #serve({ id, method, args }: { id?: number; method: string; args: unknown[] }) {
    this.calls.push({ method, args })
    const arrived = this.#arrived
    this.#arrived = []
    for (const wake of arrived) wake()
    if (method === 'write') await this.#rule.onWrite?.(args[2] as ArrayBuffer, args[3] as number)
    if (id !== undefined) this.#calls.postMessage({ id, ok: undefined })
  }
}

/** The frames of a chunk: their flags and payloads as text. */
export function framesOf(chunk: ArrayBuffer, count: number) {
  const view = new DataView(chunk)
  const bytes = Buffer.from(chunk)
  let at = 0
  return Array.from({ length: count }, () => {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    const frame = { at, flags: view.getUint32(at + 4, true), payload: bytes.subarray(start, end) }
    at = end
    return frame
  })
}

function planWith({ sql, stream, plugins = [], actions, tier, concurrency }: TestRule) {
  const select = parseStatement(sql)
  const create = parseStatement(stream ?? 'CREATE STREAM demo () WITH (DATASOURCE="d")')
  if (select.type !== 'select' || create.type !== 'create') throw new Error('wrong statements')
  const definition = makeDefinition(create)
  return planRule({
    ruleId: 'rule',
    select,
    actions: actions ?? [{ type: 'log', props: {} }],
    options: readRuleOptions({}),
    definitions: { find: () => definition, names: () => ['demo'] },
    functions,
    extensions: {
      plugin(kind, name) {
        const found = plugins.find((plugin) => plugin.kind === kind && plugin.name === name)
        if (found === undefined) return undefined
        const from = found.package ?? `acme-${name}`
        const use = { kind, name, package: from, version: '1.0.0' } as const
        return {
          use: { ...use, tier: tier === 'trusted' ? 'trusted' : 'sandboxed' },
          isAggregate: found.isAggregate,
        }
      },
      isBuiltIn: (kind, name) =>
        !plugins.some((plugin) => plugin.kind === kind && plugin.name === name),
      names: () => [],
    },
    settings: () => ({ concurrency }),
    timeZone: 'UTC',
  })
}

function setupOf(
  plugins: readonly TestPlugin[],
  plugin: number | undefined,
  uses: readonly PluginUse[],
): SourceSetup | undefined {
  const use = plugin === undefined ? undefined : uses[plugin]
  const found = plugins.find(({ kind, name }) => kind === use?.kind && name === use.name)
  return found && { datasource: found.datasource ?? '', props: found.props ?? {} }
}

function codeOf(plugins: readonly TestPlugin[], use: PluginUse): PluginCode {
  const plugin = plugins.find(({ kind, name }) => kind === use.kind && name === use.name)
  if (plugin === undefined) throw new Error(`no plugin ${use.name}`)
  return {
    package: use.package,
    version: use.version,
    text: plugin.text,
    sha256: plugin.sha256 ?? createHash('sha256').update(plugin.text).digest('hex'),
    export: plugin.export ?? use.name,
    kind: use.kind,
    name: use.name,
  }
}
