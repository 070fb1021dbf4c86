import { Random } from './random.ts'
import type { Trouble } from './rows.ts'
import { shapes } from './shapes.ts'

export type OriginKind =
  | 'file'
  | 'simulator'
  | 'httppush'
  | 'mqtt 1'
  | 'mqtt 2'
  | 'plugin, rewinds'
  | 'plugin, spooled'

export interface SinkPlan {
  readonly type: 'file' | 'rest'
  readonly props: Readonly<Record<string, unknown>>
}

export interface RulePlan {
  readonly id: string
  readonly qos: 0 | 1 | 2
  readonly shape: string
  readonly checkpointMs: number
  /** A rule before it sends its rows through a memory topic. */
  readonly isChained: boolean
  readonly sinks: readonly SinkPlan[]
}

export const eventKinds = [
  'kill worker',
  'kill host',
  'restart host',
  'stop broker',
  'sink fails',
  'sink refuses',
  'sink down for checkpoints',
  'checkpoints fail',
  'disk full',
  'update rule',
  'stop rule',
  'drop rule',
  'clock jump',
] as const

export type EventKind = (typeof eventKinds)[number]

export interface EventPlan {
  readonly kind: EventKind
  /** ms after the first row. */
  readonly at: number
  /** ms that it lasts. */
  readonly lasts: number
  /** Which rule, for what is done to one; how far, for the clock. */
  readonly rule: string
  readonly jumpMs: number
}

export interface Plan {
  readonly seed: number
  readonly origin: OriginKind
  readonly isShared: boolean
  readonly rows: number
  /** ms between two bursts of 20 rows. */
  readonly burstMs: number
  readonly troubles: Readonly<Partial<Record<Trouble, number>>>
  readonly rules: readonly RulePlan[]
  readonly events: readonly EventPlan[]
}

const origins: readonly OriginKind[] = [
  'file',
  'simulator',
  'httppush',
  'httppush',
  'mqtt 1',
  'mqtt 2',
  'mqtt 2',
  'plugin, rewinds',
  'plugin, spooled',
]

/** The same seed, the same plan. What is drawn never depends on the machine. */
export function makePlan(seed: number): Plan {
  const random = new Random(seed)
  const origin = random.pick(origins)
  const canShare = origin === 'httppush' || origin.startsWith('mqtt')
  const isShared = canShare && random.chance(0.5)
  const rules = Array.from({ length: isShared ? 2 : 1 }, (_, i) => makeRule(random, `r${i + 1}`))
  const rows = random.between(20, 60) * 20
  const usesPlugin = rules.some(({ shape }) => shapes[shape]?.usesPlugin)
  const drawn = usesPlugin ? makeTroubles(random) : {}
  // A source that begins anew with each worker meets its deadly row again in every life.
  const troubles = origin === 'plugin, spooled' && usesPlugin ? { throw: drawn.throw ?? 0 } : drawn
  const burstMs = random.pick([20, 60, 120])
  return {
    seed,
    origin,
    isShared,
    rows,
    burstMs,
    troubles,
    rules,
    events: makeEvents(random, {
      origin,
      isShared,
      rules,
      ms: Math.max(3000, (rows / 20) * burstMs),
    }),
  }
}

function makeRule(random: Random, id: string): RulePlan {
  const sinks = [makeSink(random)]
  if (random.chance(0.35)) sinks.push(makeSink(random))
  return {
    id,
    qos: random.pick([0, 1, 1, 2, 2, 2, 2]),
    shape: random.pick(Object.keys(shapes)),
    checkpointMs: random.pick([60, 150, 400, 1500]),
    isChained: random.chance(0.3),
    sinks,
  }
}

function makeSink(random: Random): SinkPlan {
  const batch = random.chance(0.3)
    ? { batchSize: random.between(2, 15), lingerInterval: random.pick([50, 300]) }
    : {}
  if (random.chance(0.4)) return { type: 'file', props: batch }
  const cache = random.chance(0.6)
    ? {
        enableCache: true,
        bufferPageSize: random.pick([4, 32, 256]),
        memoryCacheThreshold: random.pick([8, 1024]),
        ...(random.chance(0.2) ? { resendAlterQueue: true } : {}),
      }
    : {}
  return { type: 'rest', props: { ...batch, ...cache } }
}

function makeTroubles(random: Random): Plan['troubles'] {
  return {
    throw: random.between(0, 4),
    hang: random.chance(0.4) ? 1 : 0,
    kill: random.chance(0.4) ? 1 : 0,
  }
}

interface Scene {
  readonly origin: OriginKind
  readonly isShared: boolean
  readonly rules: readonly RulePlan[]
  readonly ms: number
}

function makeEvents(random: Random, { origin, isShared, rules, ms }: Scene): EventPlan[] {
  const hasSink = rules.some(({ sinks }) => sinks.some(({ type }) => type === 'rest'))
  const possible = eventKinds.filter((kind) => {
    if (kind === 'stop broker') return origin.startsWith('mqtt')
    if (kind.startsWith('sink')) return hasSink
    if (kind === 'drop rule') return isShared
    return true
  })
  const count = random.between(1, 6)
  const events = Array.from({ length: count }, () => ({
    kind: random.pick(possible),
    at: random.between(100, ms),
    lasts: random.between(200, 2500),
    rule: random.pick(rules).id,
    jumpMs: random.pick([-3_600_000, -5000, 5000, 3_600_000]),
  }))
  return events.sort((a, b) => a.at - b.at)
}

/** One line for whoever reads the log. */
export function describePlan({ origin, isShared, rules, rows, troubles, events }: Plan): string {
  const rule = ({ qos, shape, isChained, sinks, checkpointMs }: RulePlan) =>
    `${shape}${isChained ? ' behind a topic' : ''} qos ${qos} every ${checkpointMs} ms to ${sinks.map(({ type, props }) => [type, ...Object.keys(props)].join(' ')).join(' and ')}`
  const trouble = Object.entries(troubles).map(([kind, times]) => `, ${times} ${kind}`)
  return `${rows} rows of ${isShared ? 'shared ' : ''}${origin}${trouble.join('')}; ${rules.map(rule).join('; ')}; ${events.map(({ kind, at }) => `${kind} at ${at}`).join(', ')}`
}
