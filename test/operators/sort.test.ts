import test from 'ava'
import { Limit } from '#src/operators/limit.ts'
import { Sort } from '#src/operators/sort.ts'
import { batch, bench, column } from './testing.ts'

test('rows are sorted by the first key, then by the next', (t) => {
  t.deepEqual(
    sorted(
      [
        { a: 2, b: 1 },
        { a: 1, b: 1 },
        { a: 1, b: 2 },
      ],
      [column('a'), false],
      [column('b'), true],
    ),
    [
      { a: 1, b: 2 },
      { a: 1, b: 1 },
      { a: 2, b: 1 },
    ],
  )
})

test('rows with equal keys keep their order', (t) => {
  const rows = [
    { a: 1, n: 1 },
    { a: 0, n: 2 },
    { a: 1, n: 3 },
    { a: 0, n: 4 },
  ]
  t.deepEqual(
    sorted(rows, [column('a'), false]).map(({ n }) => n),
    [2, 4, 1, 3],
  )
  t.deepEqual(
    sorted(rows, [column('a'), true]).map(({ n }) => n),
    [1, 3, 2, 4],
  )
})

test('nulls come last in both directions', (t) => {
  const rows = [{ a: null }, { a: 2 }, {}, { a: 1 }]
  t.deepEqual(sorted(rows, [column('a'), false]), [{ a: 1 }, { a: 2 }, { a: null }, {}])
  t.deepEqual(sorted(rows, [column('a'), true]), [{ a: 2 }, { a: 1 }, { a: null }, {}])
})

test('numbers and bigints compare by value, kinds stand apart', (t) => {
  const values = ['b', 2n ** 60n, true, 5, 'a', Number.NaN, -1n, false]
  t.deepEqual(
    sorted(
      values.map((a) => ({ a })),
      [column('a'), false],
    ).map(({ a }) => a),
    [false, true, -1n, 5, 2n ** 60n, Number.NaN, 'a', 'b'],
  )
})

test('a row whose key fails is reported and the others are sorted', (t) => {
  const { operator, seen } = sort(true, [column('a'), false])
  operator.push(batch({ a: 2, t: 1 }, { bad: 'x', t: 2 }, { a: 1, t: 3 }))
  t.deepEqual(seen, [
    { error: 'bad x', time: 2 },
    {
      rows: [
        { a: 1, t: 3 },
        { a: 2, t: 1 },
      ],
      times: [1, 2],
    },
  ])
})

test('before a window rows pass as they come, since each is an emission of its own', (t) => {
  const { operator, batches } = sort(false, [column('a'), false])
  operator.push(batch({ a: 2 }, { a: 1 }))
  t.deepEqual(batches(), [[{ a: 2 }, { a: 1 }]])
})

test('limit keeps the first rows of each emission', (t) => {
  const { operator, batches } = limit(2, true)
  operator.push(batch({ a: 1 }, { a: 2 }, { a: 3 }))
  operator.push(batch({ a: 4 }))
  t.deepEqual(batches(), [[{ a: 1 }, { a: 2 }], [{ a: 4 }]])
})

test('limit 0 lets nothing pass; before a window limit 1 lets every row pass', (t) => {
  const none = limit(0, true)
  none.operator.push(batch({ a: 1 }))
  t.deepEqual(none.seen, [])
  const each = limit(1, false)
  each.operator.push(batch({ a: 1 }, { a: 2 }))
  t.deepEqual(each.batches(), [[{ a: 1 }, { a: 2 }]])
})

type Key = readonly [ReturnType<typeof column>, boolean]

function sort(perBatch: boolean, ...keys: Key[]) {
  const made = keys.map(([value, descending]) => ({ value, descending }))
  return bench((context, id) => new Sort(id, { keys: made, perBatch }, context))
}

function sorted(rows: Record<string, unknown>[], ...keys: Key[]) {
  const { operator, batches } = sort(true, ...keys)
  operator.push(batch(...rows))
  return batches()[0] ?? []
}

function limit(count: number, perBatch: boolean) {
  return bench((context, id) => new Limit(id, { count, perBatch }, context))
}
