import test from 'ava'
import fc from 'fast-check'
import { collect, payloads } from './rule.ts'
import { feedsAt, flowOfStreams, type Input, planStreams, sequenced } from './streams.ts'

const LENGTH = 10
const streams = ['CREATE STREAM l () WITH ()', 'CREATE STREAM r () WITH ()']
const KINDS = ['INNER', 'LEFT', 'RIGHT', 'FULL'] as const
type Kind = (typeof KINDS)[number]

interface Payload {
  readonly n: number
  readonly k?: unknown
  readonly v?: number | null
}

interface Row extends Payload {
  readonly time: number
}

const CONDITIONS: Readonly<Record<string, (l: Payload, r: Payload) => boolean>> = {
  'l.k = r.k': (l, r) => isSame(l.k, r.k),
  'r.k = l.k AND l.v < r.v': (l, r) => isSame(l.k, r.k) && isLess(l.v, r.v),
  'l.k = r.k AND r.v = l.v': (l, r) => isSame(l.k, r.k) && isSame(l.v, r.v),
  'l.v < r.v': (l, r) => isLess(l.v, r.v),
}

/** The definition of a join: every pair is looked at. */
function naive(kind: Kind, on: string, left: readonly Row[], right: readonly Row[]): object[] {
  const holds = CONDITIONS[on] as (l: Payload, r: Payload) => boolean
  const out: object[] = []
  for (const l of left) {
    const partners = right.filter((r) => holds(l, r))
    out.push(...partners.map((r) => ({ a: l.n, b: r.n })))
    if (partners.length === 0 && (kind === 'LEFT' || kind === 'FULL')) out.push({ a: l.n })
  }
  if (kind === 'INNER' || kind === 'LEFT') return out
  const lonely = right.filter((r) => !left.some((l) => holds(l, r)))
  return [...out, ...lonely.map((r) => ({ b: r.n }))]
}

function expected(kind: Kind, on: string, left: readonly Row[], right: readonly Row[]) {
  const windows = new Set([...left, ...right].map(({ time }) => Math.floor(time / LENGTH)))
  const inside = (rows: readonly Row[], window: number) =>
    rows.filter(({ time }) => Math.floor(time / LENGTH) === window)
  return [...windows]
    .sort((a, b) => a - b)
    .map((window) => naive(kind, on, inside(left, window), inside(right, window)))
    .filter((rows) => rows.length > 0)
}

const key = fc.constantFrom(null, undefined, 0, 1, 2, '1', true, [1], { x: 1 })
const payload = fc.record({
  gap: fc.nat(6),
  k: key,
  v: fc.constantFrom(null, undefined, 0, 1, 2),
})
const rows = fc.array(payload, { maxLength: 25 }).map((all) => {
  let time = 1000
  return all.map(({ gap, k, v }, n): Row => {
    time += gap
    return { n, time, ...(k === undefined ? {} : { k }), ...(v === undefined ? {} : { v }) }
  })
})
/** How much of which stream is fed next, and whether the flow is replaced by a restored one first. */
const cut = fc.record({ left: fc.boolean(), count: fc.nat(5), restore: fc.boolean() })

test('a window join gives what every pair looked at gives, however it is fed and restored', (t) => {
  const run = fc.property(
    fc.constantFrom(...KINDS),
    fc.constantFrom(...Object.keys(CONDITIONS)),
    rows,
    rows,
    fc.array(cut, { maxLength: 40 }),
    (kind, on, left, right, cuts) => {
      const sql = `SELECT l.n AS a, r.n AS b FROM l ${kind} JOIN r ON ${on} GROUP BY TUMBLINGWINDOW(ms, ${LENGTH})`
      t.deepEqual(fed(sql, left, right, cuts), expected(kind, on, left, right))
    },
  )
  fc.assert(run, { numRuns: 400, seed: 20_260_101 })
})

interface Cut {
  readonly left: boolean
  readonly count: number
  readonly restore: boolean
}

function fed(sql: string, left: readonly Row[], right: readonly Row[], cuts: readonly Cut[]) {
  const plan = planStreams(sql, { streams })
  let flow = flowOfStreams(plan)
  const queues = { l: inputsOf('l', left), r: inputsOf('r', right) }
  const made: unknown[] = []
  const feed = (name: 'l' | 'r', count: number) => {
    const taken = queues[name].splice(0, count)
    const next = queues[name][0]?.time ?? 10_000
    const source = name === 'l' ? 0 : 1
    const feeds = feedsAt(plan, taken, next).filter((each) => each.source === source)
    made.push(...payloads(collect(flow, ...feeds).emissions))
  }
  for (const { left: isLeft, count, restore } of cuts) {
    if (restore) {
      const snapshot = flow.snapshot()
      flow = flowOfStreams(plan)
      flow.restore(snapshot.state)
    }
    feed(isLeft ? 'l' : 'r', count)
  }
  feed('l', left.length)
  feed('r', right.length)
  made.push(...payloads(collect(flow, ...feedsAt(plan, [], 0, true)).emissions))
  return made
}

function inputsOf(from: string, all: readonly Row[]) {
  return sequenced(all.map(({ time, ...payload }): Input => ({ from, payload, time })))
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return false
  return JSON.stringify(a) === JSON.stringify(b)
}

function isLess(a: number | null | undefined, b: number | null | undefined): boolean {
  return typeof a === 'number' && typeof b === 'number' && a < b
}
