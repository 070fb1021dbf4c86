import test from 'ava'
import fc from 'fast-check'
import { builtInFunctions } from '#src/functions/built-in.ts'

const functions = builtInFunctions()
const environment = { ruleId: 'r', startedAt: 0, timeZone: 'UTC', now: () => 0, props: {} }
const value = fc.oneof(
  fc.constantFrom<unknown>(Number.NaN, null, 2n ** 60n, -0, 0),
  fc.integer({ min: -3, max: 3 }),
)

for (const name of ['max', 'min']) {
  const { init, add, merge, result } = functions.aggregate(name).make(environment, [])
  const over = (values: readonly unknown[]) => values.reduce((sum, each) => add(sum, each), init())

  test(`${name} is the same however its values, NaN among them, are cut into panes`, (t) => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), fc.array(fc.nat(12)), (values, cuts) => {
        const ends = [...new Set(cuts), values.length].sort((a, b) => a - b)
        let from = 0
        const panes = ends.map((end) => {
          const pane = over(values.slice(from, end))
          from = Math.max(from, end)
          return pane
        })
        const joined = panes.reduce((older, newer) => merge?.(older, newer), init())
        const [whole, cut] = [result(over(values)), result(joined)]
        t.true(Number(whole) === Number(cut) || Object.is(whole, cut), `${whole} and ${cut}`)
      }),
      { seed: 5, numRuns: 2000 },
    )
  })

  test(`${name} is NaN only where there is nothing else`, (t) => {
    t.is(result(over([Number.NaN, 4, Number.NaN])), 4)
    t.is(result(over([4, Number.NaN])), 4)
    t.is(result(over([Number.NaN, 2n ** 60n])), 2n ** 60n)
    t.is(result(over([2n ** 60n, Number.NaN])), 2n ** 60n)
    t.is(result(over([Number.NaN, null])), Number.NaN)
  })
}
