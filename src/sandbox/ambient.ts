import type { LogLevel, PluginLog } from './plugin-log.ts'

const levels: Readonly<Record<string, LogLevel>> = {
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
  debug: 'debug',
  trace: 'debug',
  dir: 'info',
}

const silent =
  `time timeEnd timeLog group groupEnd groupCollapsed table count countReset assert clear timeStamp profile profileEnd
  dirxml`.split(/\s+/)

/** A plugin's `console`: its lines go where its logger's go. */
export function pluginConsole(log: PluginLog): object {
  const made: Record<string, unknown> = {}
  for (const [method, level] of Object.entries(levels)) {
    made[method] = (...parts: unknown[]) => log.write(level, parts)
  }
  for (const method of silent) made[method] = () => {}
  return made
}

/** What is true of every process, for `pluginProcess`. */
export interface ProcessFacts {
  readonly version: string
  readonly v8: string
  readonly platform: string
  readonly arch: string
  /** ms, monotonic */
  now(): number
  nextTick(callback: () => void): void
}

/** A plugin's `process`: what packages look at when they load, with nothing behind it. */
export function pluginProcess(facts: ProcessFacts, log: PluginLog): object {
  const startedAt = facts.now()
  const self = {
    version: facts.version,
    versions: { node: facts.version.slice(1), v8: facts.v8 },
    platform: facts.platform,
    arch: facts.arch,
    env: {},
    argv: ['node'],
    execArgv: [],
    title: 'plugin',
    pid: 0,
    ppid: 0,
    browser: false,
    exitCode: undefined,
    release: { name: 'node' },
    features: {},
    config: {},
    stdin: undefined,
    stdout: pluginOutput(1, 'info', log),
    stderr: pluginOutput(2, 'warn', log),
    nextTick: (callback: (...args: unknown[]) => unknown, ...args: unknown[]) => {
      if (typeof callback !== 'function') throw new TypeError('the callback must be a function')
      facts.nextTick(() => callback(...args))
    },
    cwd: () => '/',
    uptime: () => (facts.now() - startedAt) / 1000,
    hrtime: Object.assign((before?: unknown) => sinceTime(facts.now(), before), {
      bigint: () => BigInt(Math.floor(facts.now() * 1e6)),
    }),
    memoryUsage: Object.assign(
      () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
      { rss: () => 0 },
    ),
    emitWarning: (warning: unknown) => log.write('warn', [warning]),
    emit: () => false,
    listeners: () => [],
    listenerCount: () => 0,
  }
  const listen = (): object => self
  const inert = 'on once off addListener removeListener removeAllListeners prependListener'
  return Object.assign(self, Object.fromEntries(inert.split(' ').map((name) => [name, listen])))
}

/** What packages look at before they write for a terminal: it is none, and lines go where those of the logger go. */
function pluginOutput(fd: number, level: LogLevel, log: PluginLog): object {
  const output = {
    fd,
    isTTY: false,
    writable: true,
    write: (text: unknown): boolean => {
      if (typeof text === 'string') log.write(level, [text.replace(/\n$/, '')])
      return true
    },
    on: () => output,
    once: () => output,
  }
  return output
}

function sinceTime(ms: number, before: unknown): [number, number] {
  const seconds = Math.floor(ms / 1000)
  const nanoseconds = Math.floor((ms % 1000) * 1e6)
  if (before === undefined) return [seconds, nanoseconds]
  const [s, n] = before as [unknown, unknown]
  const difference = nanoseconds - Number(n)
  return difference < 0
    ? [seconds - Number(s) - 1, difference + 1e9]
    : [seconds - Number(s), difference]
}
