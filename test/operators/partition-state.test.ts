import { deserialize, serialize } from 'node:v8'
import test from 'ava'
import fc from 'fast-check'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Analyst } from '#src/functions/declaration.ts'
import { Analytic, type AnalyticColumn } from '#src/operators/analytic.ts'
import type { Row } from '#src/operators/operator.ts'
import { batch, bench, column } from './testing.ts'

/** States that are numbers stand side by side; what they say must be what each call says by itself. */

const functions = builtInFunctions()
const environment = { ruleId: 'r', startedAt: 0, timeZone: 'UTC', now: () => 0, props: {} }

function analyst(name: string): Analyst<unknown> {
  const known = { dataType: { type: 'any' } } as const
  return functions.analytic(name).make(environment, [known])
}

const names = ['lag', 'acc_sum', 'acc_avg', 'acc_count', 'acc_min', 'acc_max', 'latest']

function columns(when: boolean): AnalyticColumn[] {
  return names.map((name) => ({
    analyst: analyst(name),
    args: [column('v')],
    partition: [column('k')],
    when: when ? (row) => row.w === true : undefined,
    as: name,
    name,
    partitionName: 'k',
  }))
}

/** Each call by itself, in a Map; a row of which one fails has no values, and changed what stands before that one. */
function naive(rows: readonly Row[], when: boolean): Row[] {
  const states = new Map<unknown, unknown[]>()
  const all = names.map(analyst)
  const made: Row[] = []
  for (const row of rows) {
    const known = states.get(row.k) ?? all.map((each) => each.init())
    states.set(row.k, known)
    try {
      const values = all.map((each, i) => {
        if (when && row.w !== true) return each.peek(known[i])
        return each.step(known[i], row.v)
      })
      made.push({ ...row, ...Object.fromEntries(names.map((name, i) => [name, values[i]])) })
    } catch {}
  }
  return made
}

const value = fc.oneof(
  { weight: 20, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true }) },
  { weight: 20, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, undefined, Number.POSITIVE_INFINITY) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>('text', true, 2n ** 60n, Number.NaN, -0) },
)
const rows = fc.array(fc.record({ k: fc.constantFrom('a', 'b', 'c'), v: value, w: fc.boolean() }), {
  maxLength: 80,
  size: 'max',
})

for (const when of [false, true]) {
  test(`calls say what each says by itself, whatever the values and snapshots${when ? ', behind WHEN' : ''}`, (t) => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 30 }), (input, length) => {
        const make = () => {
          return bench(
            (context, id) => new Analytic(id, { columns: columns(when), expiryMs: 0 }, context),
          )
        }
        let current = make()
        const seen: Row[] = []
        for (let at = 0; at < input.length; at += length) {
          current.operator.push(batch(...input.slice(at, at + length)))
          seen.push(...current.batches().flat())
          const state = deserialize(serialize(current.operator.snapshot())) as unknown
          current = make()
          current.operator.restore(state)
        }
        t.deepEqual(seen, naive(input, when))
      }),
      { seed: 51, numRuns: 300 },
    )
  })
}

test('partitions that expired start anew, and the others go on', (t) => {
  const { operator, batches } = bench((context, id) => {
    return new Analytic(id, { columns: columns(false), expiryMs: 100 }, context)
  })
  const send = (k: string, v: number, time: number) =>
    operator.push({ rows: [{ k, v }], times: [time] })
  send('a', 1, 0)
  send('b', 2, 90)
  send('b', 3, 150)
  send('a', 4, 151)
  send('b', 5, 160)
  t.deepEqual(
    batches()
      .flat()
      .map((row) => row.acc_sum),
    [1, 2, 5, 4, 10],
  )
})
