import test from 'ava'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { collect, feed, flowOf, payloads, planOf, type Tuple } from './rule.ts'

const functions = builtInFunctions()

type Row = Readonly<Record<string, unknown>>

/** All rows that a rule emits, with a snapshot and a restart before each part. */
function emitted(sql: string, parts: readonly (readonly Tuple[])[]): Row[] {
  const plan = planOf(sql, { functions })
  let flow = flowOf(plan, { functions })
  let first = 1
  const made: unknown[] = []
  for (const [i, part] of parts.entries()) {
    const { state, positions } = flow.snapshot()
    flow = flowOf(plan, { functions, positions })
    if (i > 0) flow.restore(state)
    const end = i === parts.length - 1
    made.push(...payloads(collect(flow, feed(part, { first, end })).emissions))
    first += part.length
  }
  return made.flat() as Row[]
}

const KEYS = 3000

function round(time: number, keys: number, value: (key: number) => Row): Tuple[] {
  return Array.from({ length: keys }, (_, k) => ({ payload: { k, ...value(k) }, time }))
}

test('sessions with groups of their own are closed and opened again by the thousand, and nothing is mixed up', (t) => {
  const sql = `SELECT k, g, count(*) AS n, sum(v) AS s FROM demo
    GROUP BY k, g, SESSIONWINDOW(ss, 100, 1) OVER (PARTITION BY h)`
  const groups = (time: number, keys: number) =>
    round(time, keys, (k) => ({ h: k % 1500, g: k % 7, v: k }))
  const parts = [
    [...groups(1000, KEYS), ...groups(1500, KEYS)],
    groups(5000, 10),
    [...groups(9000, KEYS), ...groups(9100, 20)],
  ]
  const rows = emitted(sql, parts)
  const expected = [
    ...Array.from({ length: KEYS }, (_, k) => ({ k, g: k % 7, n: 2, s: 2 * k })),
    ...Array.from({ length: 10 }, (_, k) => ({ k, g: k % 7, n: 1, s: k })),
    ...Array.from({ length: KEYS }, (_, k) => {
      const n = k < 20 ? 2 : 1
      return { k, g: k % 7, n, s: n * k }
    }),
  ]
  const order = (a: Row, b: Row) => Number(a.k) - Number(b.k) || Number(a.n) - Number(b.n)
  t.deepEqual(rows.toSorted(order), expected.toSorted(order))
})

test('groups of a hopping window come and go by the thousand, and nothing is mixed up', (t) => {
  const sql = `SELECT k, sum(v) AS s, max(v) AS m, window_end() AS e FROM demo
    GROUP BY k, HOPPINGWINDOW(ss, 3, 1)`
  const at = (time: number, keys: number) => round(time, keys, (k) => ({ v: k + time / 1000 }))
  const seconds = [KEYS, KEYS, KEYS, 5, 5, 0, 5, KEYS, 1]
  const all = seconds.map((keys, second) => at(second * 1000, keys))
  const rows = emitted(sql, [all.slice(0, 3).flat(), all.slice(3, 6).flat(), all.slice(6).flat()])
  const expected: Row[] = []
  for (let end = 1; end <= seconds.length + 2; end++) {
    for (let k = 0; k < KEYS; k++) {
      const values = [end - 3, end - 2, end - 1]
        .filter((second) => k < (seconds[second] ?? 0))
        .map((second) => k + second)
      if (values.length === 0) continue
      const s = values.reduce((sum, value) => sum + value, 0)
      expected.push({ k, s, m: Math.max(...values), e: end * 1000 })
    }
  }
  const order = (a: Row, b: Row) => Number(a.e) - Number(b.e) || Number(a.k) - Number(b.k)
  t.deepEqual(rows.toSorted(order), expected.toSorted(order))
})

test('a group of a hopping window whose values become texts keeps what its panes have', (t) => {
  const sql = `SELECT k, max(v) AS m, count(v) AS n FROM demo GROUP BY k, HOPPINGWINDOW(ss, 3, 1)`
  const row = (k: string, v: unknown, time: number): Tuple => ({ payload: { k, v }, time })
  const parts = [
    [row('a', 1, 0), row('b', 5, 0)],
    [row('a', 2, 1000), row('c', 'x', 1500)],
    [row('c', 'y', 2500), row('a', 3, 3500)],
  ]
  t.deepEqual(emitted(sql, parts), [
    { k: 'a', m: 1, n: 1 },
    { k: 'b', m: 5, n: 1 },
    { k: 'a', m: 2, n: 2 },
    { k: 'b', m: 5, n: 1 },
    { k: 'c', m: 'x', n: 1 },
    { k: 'a', m: 2, n: 2 },
    { k: 'b', m: 5, n: 1 },
    { k: 'c', m: 'y', n: 2 },
    { k: 'a', m: 3, n: 2 },
    { k: 'c', m: 'y', n: 2 },
    { k: 'c', m: 'y', n: 1 },
    { k: 'a', m: 3, n: 1 },
    { k: 'a', m: 3, n: 1 },
  ])
})
