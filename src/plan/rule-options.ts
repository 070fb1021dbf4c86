import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'
import { RuleError } from './errors.ts'
import { OptionBag } from './option-bag.ts'
import { type DatetimeRange, readCron, readRanges } from './schedule-options.ts'

/** A rule's `options`, checked and with defaults: plain data. Durations in ms, sizes in bytes. */
export interface RuleOptions {
  /** Debug lines of this rule in the log. @default false */
  readonly debug: boolean
  /** A log file of its own. @default '' */
  readonly logFilename: string
  /** Windows by the stream's TIMESTAMP. @default false */
  readonly isEventTime: boolean
  /** How much older than the newest a row may be. @default 1000 */
  readonly lateToleranceMs: number
  /** Instances of plugin sources that say nothing themselves. @default 1 */
  readonly concurrency: number
  /** Kept for compatibility; the bound of a source is the source's own property. @default 1024 */
  readonly bufferLength: number
  /** Adds `__meta` to every row. Not with windows and joins. @default false */
  readonly sendMetaToSink: boolean
  /** Columns whose value is null stay in the output. @default false */
  readonly sendNilField: boolean
  /** Columns are found whatever the case of their letters, at a cost for every row. @default false */
  readonly ignoreCase: boolean
  /** IANA name; `undefined`: that of the server. */
  readonly timezone: string | undefined
  /** Errors of rows reach the sinks. @default false */
  readonly sendError: boolean
  /** 0 at most once, 1 at least once, 2 exactly once. @default 0 */
  readonly qos: 0 | 1 | 2
  /** @default 300000 */
  readonly checkpointIntervalMs: number
  readonly restartStrategy: RestartStrategy
  /** `{"file": {…}}`: the sink for tuples that kill the rule's worker. */
  readonly deadLetter?: unknown
  /** Five fields; with `durationMs`. @default '' */
  readonly cron: string
  /** How long a run of `cron` lasts; 0: not set. @default 0 */
  readonly durationMs: number
  readonly cronDatetimeRange: readonly DatetimeRange[]
  readonly planOptimizeStrategy: PlanOptimizeStrategy
  /** @default false */
  readonly notifySub: boolean
  /** Only read: what can wait waits anyway. Refused for shared streams, as in the peer. @default false */
  readonly disableBufferFullDiscard: boolean
  /** A checkpoint at every stop. @default true at qos 1 and 2 */
  readonly enableSaveStateBeforeStop: boolean
  /** 0: never. @default 0 */
  readonly forceExitTimeoutMs: number
  readonly useSliceTuple: boolean
  /** Of the rule's worker; `undefined`: what the host decides. */
  readonly memoryLimitBytes: number | undefined
  /** Share of one core over ten seconds, above which the rule is fed more slowly; 0: without. @default 0 */
  readonly cpuLimit: number
  /** Versions of plugins by name: an exact one or a semver range. */
  readonly plugins: Readonly<Record<string, string>>
  /** A source that says nothing for so long is behind no other; 0: it is waited for. @default 0 */
  readonly idleTimeoutMs: number
  /** How far ahead of the clock an event may be; 0: as far as it likes. @default 0 */
  readonly maxDriftMs: number
  /** Analytic functions forget a partition that had no row for so long; 0: never. @default 0 */
  readonly analyticExpiryMs: number
}

export interface RestartStrategy {
  /** 0: a rule that failed stays stopped. @default 0 */
  readonly attempts: number
  /** @default 1000 */
  readonly delayMs: number
  /** @default 2 */
  readonly multiplier: number
  /** @default 30000 */
  readonly maxDelayMs: number
  /** @default 0.1 */
  readonly jitterFactor: number
}

export interface PlanOptimizeStrategy {
  readonly enableIncrementalWindow: boolean
  readonly enableAliasPushdown: boolean
  readonly disableAliasRefCal: boolean
  /** `columnPruner`, `predicatePushDown`, `push_alias` */
  readonly disableOptimizeRules: readonly string[]
  readonly windowVersion: string
  readonly enableSendSlidingWindowTwice: boolean
}

const optimizeRules = ['columnPruner', 'predicatePushDown', 'push_alias'] as const

/** Checks the options of a rule. @throws RuleError for one that is unknown or cannot be */
export function readRuleOptions(options: unknown): RuleOptions {
  const bag = new OptionBag(options ?? {}, '')
  const qos = readQos(bag)
  const read: RuleOptions = {
    debug: bag.flag('debug', false),
    logFilename: bag.text('logFilename', ''),
    isEventTime: bag.flag('isEventTime', false),
    lateToleranceMs: bag.duration('lateTolerance', 1000, 'invalidLateTol'),
    concurrency: bag.count('concurrency', 1, { least: 1, peer: 'invalidConcurrency' }),
    bufferLength: bag.count('bufferLength', 1024, { least: 1, peer: 'invalidBufferLength' }),
    sendMetaToSink: bag.flag('sendMetaToSink', false),
    sendNilField: bag.flag('sendNilField', false),
    ignoreCase: bag.flag('ignoreCase', false),
    timezone: readZone(bag),
    sendError: bag.flag('sendError', false),
    qos,
    checkpointIntervalMs: bag.duration('checkpointInterval', 300_000),
    restartStrategy: readRestart(bag.inner('restartStrategy')),
    cron: readCron(bag),
    durationMs: bag.duration('duration', 0),
    cronDatetimeRange: readRanges(bag),
    planOptimizeStrategy: readStrategy(bag.inner('planOptimizeStrategy')),
    notifySub: bag.flag('notifySub', false),
    disableBufferFullDiscard: bag.flag('disableBufferFullDiscard', false),
    enableSaveStateBeforeStop: bag.flag('enableSaveStateBeforeStop', qos > 0),
    forceExitTimeoutMs: bag.duration('forceExitTimeout', 0),
    useSliceTuple: readExperiment(bag.inner('experiment')),
    memoryLimitBytes: bag.bytes('memoryLimit'),
    cpuLimit: bag.number('cpuLimit', 0),
    plugins: readPlugins(bag.inner('plugins')),
    idleTimeoutMs: bag.duration('idleTimeout', 0),
    maxDriftMs: bag.duration('maxDrift', 0),
    analyticExpiryMs: bag.duration('analyticExpiry', 0),
  }
  const deadLetter = bag.value('deadLetter')
  bag.done()
  if (read.checkpointIntervalMs === 0) {
    throw new RuleError('bad-option', 'option checkpointInterval cannot be 0', 'write "300s"')
  }
  return deadLetter === undefined ? read : { ...read, deadLetter }
}

function readQos(bag: OptionBag): 0 | 1 | 2 {
  const qos = bag.count('qos', 0, { least: 0 })
  if (qos === 0 || qos === 1 || qos === 2) return qos
  throw new RuleError('bad-option', `option qos cannot be ${qos}`, 'expected 0, 1 or 2')
}

function readZone(bag: OptionBag): string | undefined {
  const name = bag.text('timezone', '')
  if (name === '') return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    throw new RuleError(
      'bad-option',
      `option timezone cannot be "${name}"`,
      'write "Europe/Berlin"',
    )
  }
}

function readRestart(bag: OptionBag | undefined): RestartStrategy {
  const attempts = bag?.count('attempts', 0, { least: 0, peer: 'invalidRestartAttempts' })
  const restart = {
    attempts: attempts ?? 0,
    delayMs: bag?.duration('delay', 1000, 'invalidRestartDelay') ?? 1000,
    multiplier: bag?.number('multiplier', 2, 'invalidRestartMultiplier') ?? 2,
    maxDelayMs: bag?.duration('maxDelay', 30_000, 'invalidRestartMaxDelay') ?? 30_000,
    jitterFactor: bag?.number('jitterFactor', 0.1, 'invalidRestartJitterFactor') ?? 0.1,
  }
  bag?.done()
  if (restart.jitterFactor < 1) return restart
  const what = 'invalidRestartJitterFactor:restart jitterFactor must between [0, 1)'
  throw new RuleError('bad-option', what, 'write 0.1')
}

function readStrategy(bag: OptionBag | undefined): PlanOptimizeStrategy {
  const control = bag?.inner('optimizeControl')
  const window = bag?.inner('windowOption')
  const strategy = {
    enableIncrementalWindow: bag?.flag('enableIncrementalWindow', false) ?? false,
    enableAliasPushdown: bag?.flag('enableAliasPushdown', false) ?? false,
    disableAliasRefCal: bag?.flag('disableAliasRefCal', false) ?? false,
    disableOptimizeRules: control?.texts('disableOptimizeRules') ?? [],
    windowVersion: window?.text('windowVersion', '') ?? '',
    enableSendSlidingWindowTwice: window?.flag('enableSendSlidingWindowTwice', false) ?? false,
  }
  for (const part of [control, window, bag]) part?.done()
  for (const rule of strategy.disableOptimizeRules) {
    if ((optimizeRules as readonly string[]).includes(rule)) continue
    const hint = didYouMean(nearest(rule, optimizeRules), `there are ${optimizeRules.join(', ')}`)
    throw new RuleError('bad-option', `unknown optimize rule ${rule}`, hint)
  }
  return strategy
}

function readExperiment(bag: OptionBag | undefined): boolean {
  const useSliceTuple = bag?.flag('useSliceTuple', false) ?? false
  bag?.done()
  return useSliceTuple
}

function readPlugins(bag: OptionBag | undefined): Readonly<Record<string, string>> {
  const names = bag?.names ?? []
  return Object.fromEntries(names.map((name) => [name, bag?.text(name, '') ?? '']))
}
