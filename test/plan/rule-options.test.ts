import test from 'ava'
import { RuleError } from '#src/plan/errors.ts'
import { readRuleOptions } from '#src/plan/rule-options.ts'

test('a rule without options has the defaults', (t) => {
  const defaults = readRuleOptions(undefined)
  t.deepEqual(readRuleOptions({}), defaults)
  t.deepEqual(defaults, {
    debug: false,
    logFilename: '',
    isEventTime: false,
    lateToleranceMs: 1000,
    concurrency: 1,
    bufferLength: 1024,
    sendMetaToSink: false,
    sendNilField: false,
    ignoreCase: false,
    timezone: undefined,
    sendError: false,
    qos: 0,
    checkpointIntervalMs: 300_000,
    restartStrategy: {
      attempts: 0,
      delayMs: 1000,
      multiplier: 2,
      maxDelayMs: 30_000,
      jitterFactor: 0.1,
    },
    cron: '',
    durationMs: 0,
    cronDatetimeRange: [],
    planOptimizeStrategy: {
      enableIncrementalWindow: false,
      enableAliasPushdown: false,
      disableAliasRefCal: false,
      disableOptimizeRules: [],
      windowVersion: '',
      enableSendSlidingWindowTwice: false,
    },
    notifySub: false,
    disableBufferFullDiscard: false,
    enableSaveStateBeforeStop: false,
    forceExitTimeoutMs: 0,
    useSliceTuple: false,
    memoryLimitBytes: undefined,
    cpuLimit: 0,
    plugins: {},
    idleTimeoutMs: 0,
    maxDriftMs: 0,
    analyticExpiryMs: 0,
  })
})

test('durations are text with units or ms; sizes text with units or bytes', (t) => {
  const read = readRuleOptions({
    lateTolerance: '1m30s',
    checkpointInterval: 500,
    forceExitTimeout: '1.5s',
    idleTimeout: '250ms',
    memoryLimit: '192MB',
    restartStrategy: { attempts: 3, delay: '2s' },
  })
  t.like(read, {
    lateToleranceMs: 90_000,
    checkpointIntervalMs: 500,
    forceExitTimeoutMs: 1500,
    idleTimeoutMs: 250,
    memoryLimitBytes: 201_326_592,
  })
  t.like(read.restartStrategy, { attempts: 3, delayMs: 2000, maxDelayMs: 30_000 })
  t.is(readRuleOptions({ memoryLimit: 1024 }).memoryLimitBytes, 1024)
})

test('state is saved before a stop where a rule promises delivery', (t) => {
  t.true(readRuleOptions({ qos: 1 }).enableSaveStateBeforeStop)
  t.false(readRuleOptions({ qos: 1, enableSaveStateBeforeStop: false }).enableSaveStateBeforeStop)
})

test('schedules: five fields, and ranges of time', (t) => {
  const ranges = [
    { begin: '2026-01-01 00:00:00', end: '2026-02-01 00:00:00' },
    { beginTimestamp: 5, endTimestamp: 9 },
  ]
  const read = readRuleOptions({
    cron: '0-30/5 8,20 * JAN mon-fri',
    duration: '30m',
    cronDatetimeRange: ranges,
  })
  t.is(read.cron, '0-30/5 8,20 * JAN mon-fri')
  t.is(read.durationMs, 1_800_000)
  t.deepEqual(read.cronDatetimeRange, [ranges[0], { beginMs: 5, endMs: 9 }])
})

const refused = test.macro({
  exec(t, options: unknown, message: string) {
    const error = t.throws(() => readRuleOptions(options), { instanceOf: RuleError })
    t.is(error?.message, message)
  },
  title: (_, _options, message) => String(message),
})

test(refused, [], 'options must be an object')
test(refused, { isEventtime: true }, 'unknown option isEventtime; did you mean "isEventTime"?')
test(
  refused,
  { restartStrategy: { atempts: 1 } },
  'unknown option restartStrategy.atempts; did you mean "attempts"?',
)
test(refused, { debug: 'yes' }, 'option debug cannot be "yes"; expected true or false')
test(
  refused,
  { concurrency: -1 },
  'invalidConcurrency:concurrency must be greater than 0; it is -1',
)
test(
  refused,
  { bufferLength: 0 },
  'invalidBufferLength:bufferLength must be greater than 0; it is 0',
)
test(
  refused,
  { lateTolerance: '-1s' },
  'invalidLateTol:lateTolerance must be greater than or equal to 0; it is "-1s"',
)
test(
  refused,
  { restartStrategy: { attempts: -1 } },
  'invalidRestartAttempts:attempts must be greater than or equal to 0; it is -1',
)
test(
  refused,
  { restartStrategy: { jitterFactor: 1 } },
  'invalidRestartJitterFactor:restart jitterFactor must between [0, 1); write 0.1',
)
test(refused, { qos: 7 }, 'option qos cannot be 7; expected 0, 1 or 2')
test(refused, { qos: '1' }, 'option qos cannot be "1"; expected a whole number')
test(
  refused,
  { checkpointInterval: 'soon' },
  'option checkpointInterval cannot be "soon"; expected a duration such as "10s", or ms',
)
test(refused, { checkpointInterval: 0 }, 'option checkpointInterval cannot be 0; write "300s"')
test(
  refused,
  { memoryLimit: 'much' },
  'option memoryLimit cannot be "much"; expected a size such as "192MB", or bytes',
)
test(refused, { plugins: { random: 1 } }, 'option plugins.random cannot be 1; expected text')
test(
  refused,
  { cron: '* * *' },
  'option cron cannot be "* * *"; expected five fields: minute, hour, day of month, month, day of week',
)
test(refused, { cron: '* ? * * x!' }, 'option cron cannot be "* ? * * x!"; "x!" is no day of week')
test(
  refused,
  { cronDatetimeRange: [{ begin: 'today', end: 'x' }] },
  'option cronDatetimeRange[0].begin cannot be "today"; expected "YYYY-MM-DD hh:mm:ss"',
)
test(
  refused,
  { cronDatetimeRange: [{ beginTimestamp: 9, endTimestamp: 5 }] },
  'cronDatetimeRange[0] ends before it begins',
)
test(
  refused,
  { planOptimizeStrategy: { optimizeControl: { disableOptimizeRules: ['columnPrunner'] } } },
  'unknown optimize rule columnPrunner; did you mean "columnPruner"?',
)
