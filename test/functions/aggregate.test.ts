import test from 'ava'
import fc from 'fast-check'
import type { Aggregator } from '#src/functions/declaration.ts'
import type { DataType } from '#src/plan/types.ts'
import { environment, evaluateAll, functions, type Row } from './evaluate.ts'

const rows: readonly Row[] = [
  { v: 5, w: 1.5, name: 'b', o: { a: 1 }, q: 3, mixed: 1 },
  { v: 2, w: 2.25, name: 'a', o: { b: 2 }, mixed: 'x' },
  { v: 7, w: -1.25, name: 'b', o: { a: 9 }, q: 4, mixed: 2 },
  { v: 3, w: 0.5, name: 'c', o: { c: 3 }, mixed: 3 },
]

const cases: readonly (readonly [sql: string, gives: unknown])[] = [
  ['count(*)', 4],
  ['count(q)', 2],
  ['sum(v)', 17],
  ['sum(q)', 7],
  ['sum(nosuch)', null],
  ['avg(v)', 4.25],
  ['avg(w)', 0.75],
  ['avg(nosuch)', null],
  ['min(v)', 2],
  ['max(name)', 'c'],
  ['last_value(v, false)', 3],
  ['last_value(q, true)', 4],
  ['stddev(v)', 1.920286436967152],
  ['sum(v) * 2 + max(v)', 41],
  ['collect(nosuch)', [null, null, null, null]],
  ['length(collect(v))', 4],
  ['collect(v)[-1]', 3],
  ['collect(o)', [{ a: 1 }, { b: 2 }, { a: 9 }, { c: 3 }]],
  ['merge_agg(o)', { a: 9, b: 2, c: 3 }],
  ['median(v)', 4],
  ['percentile_disc(v, 0.5)', 3],
  ['percentile_cont(v, 0.25)', 2.75],
]

for (const [sql, gives] of cases) {
  test(`${sql} over a group`, (t) => {
    t.deepEqual(evaluateAll(sql, rows)[0] ?? null, gives)
  })
}

for (const name of ['sum', 'avg', 'stddev', 'median', 'merge_agg']) {
  test(`${name} of what it cannot use is one error of the group, with its name`, (t) => {
    const error = t.throws(() => evaluateAll(`${name}(name)`, rows))
    t.regex(error?.message ?? '', new RegExp(`^call func ${name} error: requires `))
  })
}

test('min and max of texts and numbers are an error, not an accident of their order', (t) => {
  for (const sql of ['max(mixed)', 'min(mixed)']) {
    t.throws(() => evaluateAll(sql, rows), { message: /requires values of one type/ })
  }
})

test('a sum of BIGINT is exact, and an error beyond 64 bits', (t) => {
  const schema = 'v BIGINT'
  const sum = (...values: unknown[]) =>
    evaluateAll(
      'sum(v)',
      values.map((v) => ({ v })),
      { schema },
    )[0]
  t.is(sum(9007199254740991, 9007199254740991, 1), 18014398509481983n)
  t.is(sum(2n ** 62n, 2n ** 62n - 1n), 2n ** 63n - 1n)
  t.is(sum(2n ** 63n - 1n, 1, -5), 2n ** 63n - 5n)
  t.throws(() => sum(2n ** 63n - 1n, 1), { message: /out of the range of bigint/ })
})

test('a sum of fractions does not drift, whatever the sizes', (t) => {
  const sum = (values: readonly number[]) =>
    evaluateAll(
      'sum(v)',
      values.map((v) => ({ v })),
    )[0]
  t.is(sum([1e16, 1, -1e16]), 1)
  t.is(sum(Array.from({ length: 10 }, () => 0.1)), 1)
})

/** The second argument of those that have one. */
const seconds: Readonly<Record<string, unknown[]>> = {
  percentile_cont: [0.5],
  percentile_disc: [0.5],
  last_value: [true],
}

/** Aggregates that can take the oldest row out again, or join two groups. */
const incremental = functions.declarations.flatMap((declaration) => {
  if (declaration.kind !== 'aggregate') return []
  const types: DataType[] = [{ type: 'bigint' }, { type: 'float' }]
  return types.map((dataType) => ({
    name: `${declaration.name} of ${dataType.type}`,
    aggregator: declaration.make(environment, [{ dataType }, { dataType, literal: true }]),
    isWhole: dataType.type === 'bigint',
    second: seconds[declaration.name] ?? [],
    isObject: declaration.name === 'merge_agg',
  }))
})

for (const { name, aggregator, isWhole, second, isObject } of incremental) {
  const whole = fc.integer({ min: -1000, max: 1000 })
  const object = whole.map((n) => ({ [`k${n % 3}`]: n }))
  const number = isWhole ? whole : whole.map((n) => n / 8)
  const value: fc.Arbitrary<unknown> = isObject ? fc.option(object) : fc.option(number)
  const over = (values: readonly unknown[]) => aggregator.result(taken(aggregator, values, second))

  if (aggregator.remove !== undefined) {
    test(`${name}: taking the oldest rows out leaves the result of the others`, (t) => {
      const { remove } = aggregator
      fc.assert(
        fc.property(fc.array(value, { maxLength: 20 }), fc.nat(20), (values, count) => {
          let accumulator = taken(aggregator, values, second)
          for (const gone of values.slice(0, count)) {
            accumulator = remove?.(accumulator, gone, ...second)
          }
          near(aggregator.result(accumulator), over(values.slice(count)))
        }),
      )
      t.pass()
    })
  }

  if (aggregator.merge !== undefined) {
    test(`${name}: two neighbouring groups joined give the result of all rows`, (t) => {
      const { merge } = aggregator
      const values = fc.array(value, { maxLength: 12 })
      fc.assert(
        fc.property(values, values, (older, newer) => {
          const both = [older, newer].map((part) => taken(aggregator, part, second))
          near(aggregator.result(merge?.(both[0], both[1])), over([...older, ...newer]))
        }),
      )
      t.pass()
    })
  }
}

test('what collect gave out does not change when its window moves on', (t) => {
  const declaration = functions.aggregate('collect')
  const aggregator = declaration.make(environment, [{ dataType: { type: 'any' } }])
  const accumulator = taken(aggregator, [1, 2], [])
  const given = aggregator.result(accumulator)
  aggregator.remove?.(accumulator, 1)
  t.deepEqual(given, [1, 2])
})

function taken(aggregator: Aggregator<unknown>, values: readonly unknown[], more: unknown[]) {
  let accumulator = aggregator.init()
  for (const value of values) accumulator = aggregator.add(accumulator, value, ...more)
  return accumulator
}

/** Equal, but for the last digits of a fraction. */
function near(found: unknown, expected: unknown): void {
  if (typeof found === 'number' && typeof expected === 'number') {
    if (Math.abs(found - expected) <= 1e-6 * Math.max(1, Math.abs(expected))) return
  }
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`found ${a}, expected ${b}`)
}
