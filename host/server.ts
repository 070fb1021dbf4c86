import type { AddressInfo } from 'node:net'
import { isAbsolute, join, resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { createApi } from '#host/api/server.ts'
import { Catalog, defaultTenant } from '#host/catalog/catalog.ts'
import type { LogLine, RefusedPower } from '#host/cell/cell.ts'
import {
  builtinSinks,
  builtinSources,
  type Connectors,
  createBuiltinConnectors,
} from '#host/cell/connectors/builtin.ts'
import { emptyFolder } from '#host/cell/empty-folder.ts'
import { CheckpointStore } from '#host/checkpoints/store.ts'
import { ConnectorConfig } from '#host/config/connector-config.ts'
import { type Environment, loadOptions } from '#host/config/load.ts'
import type { Options } from '#host/config/options.ts'
import { codeOf, HostError, textOf } from '#host/errors.ts'
import { Log } from '#host/log/log.ts'
import { defaultParts, type ServerParts } from '#host/parts.ts'
import { InstallJobs } from '#host/plugins/jobs.ts'
import type { PluginKind, PluginService } from '#host/plugins/service.ts'
import { ActionReader } from '#host/rules/actions.ts'
import { RulePlanner } from '#host/rules/planning.ts'
import { RowHub, rowsAction } from '#host/rules/rows.ts'
import { RuleService } from '#host/rules/rules.ts'
import { SpecBuilder } from '#host/rules/spec.ts'
import { RuleStates } from '#host/rules/states.ts'
import { StreamService } from '#host/rules/streams.ts'
import { TopicGraph } from '#host/rules/topic-graph.ts'
import { timeZoneOf } from '#host/time-zone.ts'
import { readVersion } from '#host/version.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { FunctionTable } from '#src/functions/table.ts'

export interface ServerOptions {
  /** What relative folders, and paths that rules name, are relative to. @default the working folder */
  readonly base?: string | undefined
  /** @default `etc` in `base` */
  readonly etc?: string | undefined
  readonly environment?: Environment | undefined
  /** Called with an empty folder of the server's own, before anything of a rule or plugin runs: the process goes there. */
  readonly goTo?: ((folder: string) => void) | undefined
  /** Over file and environment: flags of the command line. */
  readonly overrides?: {
    readonly port?: number | undefined
    readonly ip?: string | undefined
    readonly data?: string | undefined
    readonly log?: string | undefined
    readonly plugins?: string | undefined
    readonly consoleLog?: boolean | undefined
  }
  readonly parts?: Partial<ServerParts> | undefined
}

export interface RunningServer {
  /** `http://127.0.0.1:9081` */
  readonly url: string
  readonly ip: string
  readonly port: number
  readonly log: Log
  readonly rules: RuleService
  readonly streams: StreamService
  /** Resolves when someone asked over REST to stop. */
  readonly stopRequested: Promise<void>
  /** Resolves with the reason when this process should be replaced, as option `basic.onStuckWorker` says. */
  readonly replaceRequested: Promise<string>
  /** A thread that cannot be ended runs in this process. */
  readonly isStuck: boolean
  /** Rules drain for `gracefulShutdownTimeout` at most; then all is let go of. */
  close(): Promise<void>
}

/**
 * Starts everything, in order: options, catalog, cell, API, the rules that ran before.
 *
 * @throws HostError that says in one line what is wrong and the way out
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { environment = process.env, overrides = {} } = options
  const parts = { ...defaultParts, ...options.parts }
  const base = resolve(options.base ?? '')
  const etc = resolve(base, options.etc ?? 'etc')
  const { options: loaded, warnings } = await loadOptions(join(etc, 'plutino.yaml'), environment)
  const settings = override(loaded, overrides)
  const folders = {
    etc,
    data: inBase(base, settings.folders.data),
    plugins: inBase(base, settings.folders.plugins),
  }
  let timeZone = timeZoneOf(settings.basic.timezone)
  const version = readVersion()
  const functions = builtInFunctions()
  await using closing = new AsyncDisposableStack()

  const log = openLog(settings, inBase(base, settings.folders.log))
  closing.defer(() => log.close())
  for (const warning of warnings) log.logger.warn(warning)
  const catalog = new Catalog(folders.data)
  closing.defer(() => catalog.close())
  options.goTo?.(emptyFolder(folders.data))
  const checkpoints = new CheckpointStore(catalog.database, folders.data)
  await checkpoints.sweep()

  const rows = new RowHub()
  const timeoutMs = settings.basic.gracefulShutdownTimeout
  const leftMs = countdown(timeoutMs)
  let rules: RuleService | undefined
  let authors: PluginService['authorsLines']
  const cell = parts.createCell(
    {
      commit: (key, checkpoint) => checkpoints.commit(key, checkpoint),
      log: (line) => {
        const write = (own: LogLine) => log.line(own, rules?.isDebug(own) === true)
        const mapped = line.text.includes('(plugin:') ? authors?.(line.tenant, line) : undefined
        if (mapped === undefined) write(line)
        else void mapped.then(write)
      },
      refused: (refusal) => keepRefusal(catalog, log, refusal),
      keyedState: async (tenant, keys) => catalog.keyedStates.many(tenant, keys),
    },
    withRows(createBuiltinConnectors(base), rows),
    folders,
  )
  closing.defer(async () => {
    await inTime(cell.close(), leftMs(), () => log.logger.warn(lateText(timeoutMs)))
    // changes that waited for the cell have come to their end with it
    await inTime(rules?.close(), leftMs())
  })
  const plugins = await parts.createPlugins({
    catalog,
    folders,
    version,
    options: settings.plugins,
    environment,
    changed: (text) => log.logger.info(text),
    builtIn: (kind, name) => isBuiltIn(functions, kind, name),
    usedBy: (tenant, kind, name, sha256) => rules?.usedBy(tenant, { kind, name, sha256 }) ?? [],
  })
  authors = plugins.authorsLines?.bind(plugins)
  closing.defer(async () => plugins.close?.())

  const config = new ConnectorConfig({ folder: etc, environment, stored: catalog.confKeys })
  const sinkDefaults = () => ({ aesKey: settings.basic.aesKey, props: settings.sink })
  const streams: StreamService = new StreamService(catalog, plugins, (tenant, now) =>
    topics.checkStream(tenant, now),
  )
  const topics = new TopicGraph({
    catalog,
    actions: new ActionReader(config, sinkDefaults),
    definition: (tenant, name) => streams.definition(tenant, name),
  })
  const planner = new RulePlanner({
    streams,
    config,
    plugins,
    functions,
    defaults: () => ruleDefaults(settings),
    sinkDefaults,
    timeZone: () => timeZone,
    pluginOptions: settings.plugins,
    extraSinks: [rowsAction],
  })
  const service = new RuleService({
    catalog,
    ...(authors === undefined ? {} : { authorsLines: authors }),
    cell,
    planner,
    specs: new SpecBuilder({ plugins, source: settings.source, environment }),
    checkpoints,
    topics,
    report({ tenant, rule }, message) {
      const write = (text: string) => log.logger.warn({ rule }, text)
      if (authors === undefined || !message.includes('(plugin:')) write(message)
      else void authors(tenant, message).then(write)
    },
  })
  rules = service

  const replace = Promise.withResolvers<string>()
  let isStuck = false
  cell.watch(({ rule, state, message }) => {
    if (state !== 'stuck') return
    isStuck = true
    log.logger.error({ rule }, `its thread cannot be ended, and holds this process: ${message}`)
    if (settings.basic.onStuckWorker === 'restart') replace.resolve(`rule ${rule} is stuck`)
  })
  const stop = Promise.withResolvers<void>()
  const jobs = new InstallJobs()
  closing.defer(() => jobs.close())
  const api = await createApi({
    tenant: defaultTenant,
    version,
    options: settings,
    catalog,
    cell,
    config,
    log,
    plugins,
    rows,
    rules: service,
    jobs,
    states: new RuleStates({ catalog, cell, checkpoints, rules: service, version }),
    streams,
    setTimeZone: (name) => {
      timeZone = timeZoneOf(name)
      void service.reschedule()
    },
    stop: stop.resolve,
  })
  closing.defer(async () => {
    service.refuse()
    await inTime(api.close(), leftMs())
    api.server.closeAllConnections()
  })
  await plugins.watch?.({
    tenant: defaultTenant,
    folder: folders.plugins,
    restart: async (tenant, name) => {
      await service.restartUsers(tenant, name)
    },
    upgrade: async (tenant, name) => {
      await service.upgradeUsers(tenant, name)
    },
    report: (level, message) => log.logger[level](message),
  })
  const { address, port } = await listen(api, settings.basic)
  await service.restore()
  const release = closing.move()
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    ip: address,
    port,
    log,
    rules: service,
    streams,
    stopRequested: stop.promise,
    replaceRequested: replace.promise,
    get isStuck() {
      return isStuck
    },
    close: () => release.disposeAsync(),
  }
}

function override(options: Options, overrides: NonNullable<ServerOptions['overrides']>): Options {
  const { basic, folders } = options
  return {
    ...options,
    basic: {
      ...basic,
      restIp: overrides.ip ?? basic.restIp,
      restPort: overrides.port ?? basic.restPort,
      consoleLog: overrides.consoleLog ?? basic.consoleLog,
    },
    folders: {
      data: overrides.data ?? folders.data,
      log: overrides.log ?? folders.log,
      plugins: overrides.plugins ?? folders.plugins,
    },
  }
}

function inBase(base: string, folder: string): string {
  return isAbsolute(folder) ? folder : resolve(base, folder)
}

function openLog({ basic }: Options, folder: string): Log {
  return new Log({
    level: basic.debug ? 'debug' : basic.logLevel,
    console: basic.consoleLog,
    file: basic.fileLog,
    folder,
    rotateSize: basic.rotateSize,
    rotateCount: basic.rotateCount,
  })
}

function withRows(connectors: Connectors, rows: RowHub): Connectors {
  return { ...connectors, sinks: new Map([...connectors.sinks, [rowsAction, rows.connector()]]) }
}

/** What a plugin tried and was refused. A trail that cannot be written is no reason to fail. */
function keepRefusal(catalog: Catalog, log: Log, refusal: RefusedPower): void {
  const { tenant, rule, plugin, version, power, to, at, count } = refusal
  const note = { package: plugin, version, what: 'refused', rule, detail: `${power} ${to}` }
  try {
    catalog.audit.add(tenant, { ...note, result: 'refused', at, count })
  } catch (error) {
    log.logger.warn({ rule }, `a refusal of plugin ${plugin} could not be kept: ${textOf(error)}`)
  }
}

/** No plugin may take such a name. */
function isBuiltIn(functions: FunctionTable, kind: PluginKind, name: string): boolean {
  if (kind === 'function') return functions.lookup(name) !== undefined
  return kind === 'source'
    ? builtinSources.includes(name)
    : [...builtinSinks, rowsAction].includes(name)
}

/** Rule options as a rule would write them. Memory 0 says nothing. */
function ruleDefaults({ rule }: Options): Readonly<Record<string, unknown>> {
  const { memoryLimit, ...rest } = rule
  return memoryLimit === 0 ? rest : { ...rest, memoryLimit }
}

async function listen(api: FastifyInstance, basic: Options['basic']): Promise<AddressInfo> {
  const { restIp: host, restPort: port } = basic
  try {
    await api.listen({ host, port })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') {
      throw new HostError(
        'address-in-use',
        `address ${host}:${port} is in use; stop what listens there, or give another port with --port`,
        { cause: error },
      )
    }
    if (codeOf(error) === 'EADDRNOTAVAIL' || codeOf(error) === 'ENOTFOUND') {
      throw new HostError(
        'address-in-use',
        `basic.restIp ${host} is no address of this machine; use 127.0.0.1 or 0.0.0.0`,
        { cause: error },
      )
    }
    throw error
  }
  const address = api.server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address')
  return address
}

/** ms that are left of so many, from the first call on. A little is left to everyone. */
function countdown(ms: number): () => number {
  let end: number | undefined
  return () => {
    end ??= performance.now() + ms
    return Math.max(50, end - performance.now())
  }
}

/** What does not end in time is left as it is. */
async function inTime(
  work: Promise<void> | undefined,
  ms: number,
  late?: () => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late?.()
      resolve()
    }, ms)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}

function lateText(ms: number): string {
  return `rules did not end within ${ms} ms (basic.gracefulShutdownTimeout); they go on from their last checkpoints`
}
