import test from 'ava'
import fc from 'fast-check'
import { type Range, TakenRanges } from '#src/operators/taken-ranges.ts'

test('what was given once is not given again, piece by piece', (t) => {
  const taken = new TakenRanges()
  const takes: readonly (readonly [number, number, readonly (readonly [number, number])[]])[] = [
    [100, 200, [[100, 200]]],
    [50, 70, [[50, 70]]],
    [250, 270, [[250, 270]]],
    [120, 130, []],
    [
      80,
      260,
      [
        [80, 100],
        [200, 250],
      ],
    ],
    [280, 290, [[280, 290]]],
    [30, 40, [[30, 40]]],
    [
      60,
      275,
      [
        [70, 80],
        [270, 275],
      ],
    ],
    [
      35,
      285,
      [
        [40, 50],
        [275, 280],
      ],
    ],
    [
      25,
      300,
      [
        [25, 30],
        [290, 300],
      ],
    ],
    [300, 310, [[300, 310]]],
    [299, 301, []],
  ]
  for (const [start, end, free] of takes) {
    const expected = free.map(([from, to]) => ({ start: from, end: to }))
    t.deepEqual(taken.take({ start, end }), expected, `${start}-${end}`)
  }
})

const range = fc
  .tuple(fc.nat(40), fc.integer({ min: 1, max: 20 }))
  .map(([start, length]): Range => ({ start, end: start + length }))

test('the free parts of ranges are those of a set of points', (t) => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), fc.nat(30), (ranges, cut) => {
      let taken = new TakenRanges()
      const points = new Set<number>()
      for (const [i, one] of ranges.entries()) {
        if (i === cut) {
          const next = new TakenRanges()
          next.restore(taken.snapshot())
          taken = next
        }
        const own = Array.from({ length: one.end - one.start }, (_, p) => one.start + p)
        const free = own.filter((point) => !points.has(point))
        const given = taken.take(one)
        const inside = given.flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, p) => start + p),
        )
        t.deepEqual(inside, free)
        // neighbours come as one
        t.true(given.every(({ start }, at) => at === 0 || start > (given[at - 1]?.end ?? 0)))
        for (const point of own) points.add(point)
      }
    }),
    { seed: 11, numRuns: 300 },
  )
})

test('what ended before a time is forgotten, and can be given again', (t) => {
  const taken = new TakenRanges()
  taken.take({ start: 0, end: 10 })
  taken.take({ start: 20, end: 30 })
  taken.forget(10)
  t.deepEqual(taken.take({ start: 0, end: 5 }), [])
  taken.forget(11)
  t.deepEqual(taken.take({ start: 0, end: 25 }), [{ start: 0, end: 20 }])
})
